//! The name under which the user's crate has the runtime.

use proc_macro_crate::{Error, FoundCrate, crate_name};

/// The path of the runtime as text, good at any depth of the user's modules.
///
/// The two colons in front matter: a WIT namespace of the crate's own name makes
/// a module that hides the crate.
pub fn runtime_path(package: &str) -> Result<String, String> {
    path_of(package, crate_name(package))
}

fn path_of(package: &str, found: Result<FoundCrate, Error>) -> Result<String, String> {
    let own_name = || package.replace('-', "_");
    let name = match found {
        Ok(FoundCrate::Name(name)) => name,
        // The package calls itself what others call it (`extern crate self as ..`):
        // its examples and doc tests are crates of their own.
        Ok(FoundCrate::Itself) => own_name(),
        Err(Error::CrateNotFound { path, .. }) => {
            return Err(format!(
                "`generate!` has to know under which name this crate depends on `{package}`, \
                 but `{}` has no such dependency. Add it (any name will do: \
                 `name = {{ package = \"{package}\", .. }}`), or say where the runtime is, \
                 with the option `runtime_path: \"::path::to::{}::rt\"`.",
                path.display(),
                own_name(),
            ));
        }
        // No manifest that could be read: not every build is Cargo's.
        Err(_) => own_name(),
    };
    Ok(format!("::{name}::rt"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_dependency_is_called_what_the_manifest_calls_it() {
        let found = Ok(FoundCrate::Name("anything".into()));
        assert_eq!(path_of("wit-async", found).unwrap(), "::anything::rt");
    }

    #[test]
    fn the_package_itself_is_called_by_its_own_name() {
        assert_eq!(
            path_of("wit-async", Ok(FoundCrate::Itself)).unwrap(),
            "::wit_async::rt"
        );
    }

    #[test]
    fn without_a_manifest_the_name_is_the_usual_one() {
        let found = Err(Error::NotFound(PathBuf::from("somewhere")));
        assert_eq!(path_of("wit-bindgen", found).unwrap(), "::wit_bindgen::rt");
    }

    #[test]
    fn a_manifest_without_the_dependency_is_an_error_that_says_what_to_do() {
        let found = Err(Error::CrateNotFound {
            crate_name: "wit-async".into(),
            path: PathBuf::from("guest/Cargo.toml"),
        });
        let message = path_of("wit-async", found).unwrap_err();
        for part in [
            "`wit-async`",
            "`guest/Cargo.toml`",
            "runtime_path: \"::path::to::wit_async::rt\"",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
}
