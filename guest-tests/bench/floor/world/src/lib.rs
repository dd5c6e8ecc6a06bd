//! For build scripts: the type of a component that no generator writes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// Writes what the linker needs to know of a world to the file `world` among what the
/// build script makes.
///
/// # Errors
///
/// When the WIT cannot be read or there is no such world.
pub fn embed(world: &str) -> Result<()> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../wit/bench");
    println!("cargo::rerun-if-changed={}", wit.display());
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(&wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let bytes =
        wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None, false)?;
    let out: PathBuf = std::env::var_os("OUT_DIR")
        .context("this runs in a build script")?
        .into();
    std::fs::write(out.join("world"), bytes)?;
    Ok(())
}
