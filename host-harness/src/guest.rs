//! A guest as the harness sees it: a component and its type.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use wac_graph::types::{InterfaceId, ItemKind, Package, Type, Types};

/// The interface through which a guest tells what its runtime counts.
pub const ACCOUNTING: &str = "test:harness/accounting";

/// The interface of WASI that programs export and no host provides.
const PROGRAM: &str = "wasi:cli/run";

/// A component that was built or given.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The name of its package, or of its file.
    pub name: String,
    /// The folder whose guests may be composed with it.
    pub theme: String,
    /// The file it was read from.
    pub path: PathBuf,
    /// The component itself.
    pub bytes: Arc<[u8]>,
    /// What it needs.
    pub imports: Vec<Interface>,
    /// What it offers.
    pub exports: Vec<Interface>,
}

/// One imported or exported instance.
#[derive(Clone, Debug)]
pub struct Interface {
    /// With its version.
    pub name: String,
    /// Its functions, in the order of its WIT.
    pub functions: Vec<Function>,
    /// Whether it defines a resource.
    pub resources: bool,
}

/// One function of an interface.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name in WIT.
    pub name: String,
    /// Whether it takes nothing and returns nothing.
    pub plain: bool,
    /// Whether its type is async.
    pub is_async: bool,
}

impl Guest {
    /// Reads the component in `path`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds something else.
    pub fn read(name: &str, theme: &str, path: &Path) -> Result<Guest> {
        let bytes = std::fs::read(path)
            .with_context(|| format!("could not read the component {}", path.display()))?;
        Guest::of(name, theme, path, bytes)
    }

    /// The component that `bytes` are, which came from the file `path`.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn of(name: &str, theme: &str, path: &Path, bytes: Vec<u8>) -> Result<Guest> {
        check_kind(path, &bytes)?;
        let mut types = Types::default();
        let package = Package::from_bytes(name, None, bytes, &mut types)
            .with_context(|| format!("{} is no valid component", path.display()))?;
        let world = &types[package.ty()];
        Ok(Guest {
            name: name.to_owned(),
            theme: theme.to_owned(),
            path: path.to_owned(),
            imports: interfaces(&types, world.imports.iter()),
            exports: interfaces(&types, world.exports.iter()),
            bytes: package.bytes().into(),
        })
    }

    /// The export whose name, without its version, is `name`.
    pub fn export(&self, name: &str) -> Option<&Interface> {
        self.exports
            .iter()
            .find(|interface| interface.plain_name() == name)
    }

    /// What it exports, in words.
    pub fn exported(&self) -> String {
        match self.exports.as_slice() {
            [] => "nothing".to_owned(),
            exports => {
                let names: Vec<&str> = exports.iter().map(|export| export.name.as_str()).collect();
                names.join(", ")
            }
        }
    }

    /// The imports that neither WASI nor the harness itself provides: the ones
    /// that need a peer. An interface that only names types needs nobody.
    pub fn peers(&self) -> impl Iterator<Item = &Interface> {
        self.imports.iter().filter(|import| {
            let theirs =
                import.name.starts_with("test:") && !import.name.starts_with("test:harness/");
            (theirs || import.plain_name() == PROGRAM)
                && (import.resources || !import.functions.is_empty())
        })
    }
}

impl Interface {
    /// The name without its version.
    pub fn plain_name(&self) -> &str {
        self.name.split('@').next().unwrap_or(&self.name)
    }
}

/// Says what a file is that is no component.
fn check_kind(path: &Path, bytes: &[u8]) -> Result<()> {
    // The magic number, then version and layer: 0xd, 1 is a component.
    let found = match bytes {
        [b'\0', b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            "a core WebAssembly module; build it for wasm32-wasip2, whose linker makes components, \
             or run `wasm-tools component new` on it"
                .to_owned()
        }
        [b'\0', b'a', b's', b'm', version @ ..] => {
            format!(
                "WebAssembly of an unknown kind (the magic number is followed by {version:02x?})",
                version = &version[..version.len().min(4)]
            )
        }
        [] => "an empty file".to_owned(),
        other => format!(
            "something else: it starts with {:?} instead of \"\\0asm\"",
            String::from_utf8_lossy(&other[..other.len().min(8)]),
        ),
    };
    bail!(
        "{}: expected a WebAssembly component, found {found}",
        path.display()
    )
}

fn interfaces<'a>(
    types: &Types,
    items: impl Iterator<Item = (&'a String, &'a ItemKind)>,
) -> Vec<Interface> {
    items
        .filter_map(|(name, kind)| match kind {
            ItemKind::Instance(id) => Some(interface(types, name, *id)),
            _ => None,
        })
        .collect()
}

fn interface(types: &Types, name: &str, id: InterfaceId) -> Interface {
    let items = &types[id].exports;
    let functions = items.iter().filter_map(|(name, kind)| match kind {
        ItemKind::Func(id) => {
            let ty = &types[*id];
            Some(Function {
                name: name.clone(),
                plain: ty.params.is_empty() && ty.result.is_none(),
                is_async: ty.is_async,
            })
        }
        _ => None,
    });
    Interface {
        name: name.to_owned(),
        functions: functions.collect(),
        resources: items
            .values()
            .any(|kind| matches!(kind, ItemKind::Type(Type::Resource(_)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(bytes: &[u8]) -> String {
        let path = Path::new("some.wasm");
        check_kind(path, bytes)
            .expect_err("no component")
            .to_string()
    }

    #[test]
    fn a_file_that_is_no_component_is_described() {
        assert!(refused(b"").contains("an empty file"));
        assert!(refused(b"\0asm\x01\0\0\0").contains("core WebAssembly module"));
        assert!(refused(b"\0asm\x02\0\x07\0").contains("[02, 00, 07, 00]"));
        let text = refused(b"#!/bin/sh");
        assert!(
            text.contains("some.wasm") && text.contains("#!/bin/s"),
            "{text}"
        );
    }
}
