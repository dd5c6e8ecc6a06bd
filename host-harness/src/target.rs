//! Makes sure that the compilation target of the guests is installed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What guests compile to.
pub const TARGET: &str = "wasm32-wasip2";

/// The commands that this module runs, so that tests can replace them.
#[derive(Clone, Debug)]
pub struct Tools {
    /// `rustc`
    pub rustc: String,
    /// `rustup`
    pub rustup: String,
}

impl Default for Tools {
    fn default() -> Tools {
        Tools {
            rustc: "rustc".to_owned(),
            rustup: "rustup".to_owned(),
        }
    }
}

/// Adds the target to the toolchain that is used in `directory`, unless it is
/// there already. `say` is told before anything is installed.
///
/// # Errors
///
/// When there is no `rustc`, when the target is missing and there is no
/// `rustup`, or when `rustup` fails.
pub fn ensure(tools: &Tools, directory: &Path, say: impl FnOnce(&str)) -> Result<()> {
    if !directory.is_dir() {
        bail!("there is no directory {}", directory.display());
    }
    if present(tools, directory)? {
        return Ok(());
    }
    let add = [tools.rustup.as_str(), "target", "add", TARGET].join(" ");
    say(&format!(
        "the target {TARGET} is not installed: running `{add}`"
    ));
    // Explicit, because an environment may forbid rustup to install on its own.
    let output = match Command::new(&tools.rustup)
        .args(["target", "add", TARGET])
        .current_dir(directory)
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "guests compile to {TARGET}, which is not installed, and there is no `{}` to add it; \
             install Rust with rustup (https://rustup.rs) and run `rustup target add {TARGET}`, \
             or install your distribution's package of the standard library for {TARGET}",
            tools.rustup,
        ),
        Err(error) => return Err(error).with_context(|| format!("could not run `{add}`")),
    };
    if !output.status.success() {
        bail!(
            "`{add}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim(),
        );
    }
    if !present(tools, directory)? {
        bail!(
            "`{add}` succeeded, but `{}` still does not find {TARGET}; is it the rustc of rustup?",
            tools.rustc,
        );
    }
    Ok(())
}

/// Whether the compiler has a standard library for the target. Asked of
/// `rustc`, because that also answers for toolchains without rustup.
fn present(tools: &Tools, directory: &Path) -> Result<bool> {
    let output = Command::new(&tools.rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(directory)
        .output()
        .with_context(|| format!("could not run `{}`; is Rust installed?", tools.rustc))?;
    if !output.status.success() {
        bail!(
            "`{} --print target-libdir --target {TARGET}` failed ({}): {}",
            tools.rustc,
            output.status,
            String::from_utf8_lossy(&output.stderr).trim(),
        );
    }
    let libdir = String::from_utf8_lossy(&output.stdout);
    Ok(Path::new(libdir.trim()).is_dir())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    /// A directory with a `rustc` that knows the target once `lib` exists, and
    /// with the `rustup` that is given.
    fn toolchain(rustup: Option<&str>) -> (tempfile::TempDir, Tools) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let script = |name: &str, body: &str| -> PathBuf {
            let path = directory.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("the script is written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
            path
        };
        let lib = directory.path().join("lib");
        let rustc = script("rustc", &format!("echo {}", lib.display()));
        let rustup = match rustup {
            Some(body) => script("rustup", &body.replace("LIB", &lib.display().to_string())),
            None => directory.path().join("no-such-rustup"),
        };
        let tools = Tools {
            rustc: rustc.display().to_string(),
            rustup: rustup.display().to_string(),
        };
        (directory, tools)
    }

    #[test]
    fn an_installed_target_needs_no_rustup() {
        let (directory, tools) = toolchain(None);
        fs::create_dir(directory.path().join("lib")).expect("lib");
        ensure(&tools, directory.path(), |said| panic!("said {said}")).expect("present");
    }

    #[test]
    fn a_missing_target_is_added_and_announced() {
        let (directory, tools) = toolchain(Some("mkdir LIB; echo \"$@\" > LIB/arguments"));
        let mut said = String::new();
        ensure(&tools, directory.path(), |line| said = line.to_owned()).expect("added");
        assert!(said.contains("target add wasm32-wasip2"), "{said}");
        let arguments = fs::read_to_string(directory.path().join("lib/arguments"));
        assert_eq!(
            arguments.expect("rustup ran").trim(),
            "target add wasm32-wasip2"
        );
    }

    #[test]
    fn without_rustup_the_error_says_what_to_install() {
        let (directory, tools) = toolchain(None);
        let error = ensure(&tools, directory.path(), |_| {}).expect_err("no rustup");
        assert!(
            error
                .to_string()
                .contains("rustup target add wasm32-wasip2"),
            "{error}"
        );
    }

    #[test]
    fn what_rustup_says_is_passed_on() {
        let (directory, tools) = toolchain(Some("echo no network >&2; exit 1"));
        let error = ensure(&tools, directory.path(), |_| {}).expect_err("rustup fails");
        assert!(error.to_string().contains("no network"), "{error}");
    }
}
