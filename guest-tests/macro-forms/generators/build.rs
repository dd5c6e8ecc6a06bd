//! Generates the bindings of one of the packages here: each has another version of
//! the generator, or another option, and otherwise they are the same.

use std::path::PathBuf;
use std::{env, fs};
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};

fn main() {
    let wit = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"))
        .join("../../../../wit/macro-forms");
    println!("cargo:rerun-if-changed={}", wit.display());
    println!("cargo:rerun-if-changed=../build.rs");

    let package = env::var("CARGO_PKG_NAME").expect("set by cargo");
    let world = package
        .strip_prefix("macro-forms-")
        .expect("all packages are named so");
    // The name by which the manifest knows the runtime. What is not said, the
    // generator takes for wit-bindgen.
    let (runtime, runtime_path) = match world {
        "library" => ("wit_async", Some("::wit_async::rt".to_owned())),
        _ => ("wit_bindgen", None),
    };

    let mut resolve = Resolve::default();
    let (wit_package, _) = resolve.push_path(&wit).expect("the WIT of this theme");
    let id = resolve
        .select_world(&[wit_package], Some(world))
        .expect("a world per package");
    let options = wit_bindgen_rust::Opts {
        generate_all: true,
        runtime_path,
        ..Default::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, id, &mut files)
        .expect("bindings");

    let (_, bindings) = files.iter().next().expect("one file");
    let mut bindings = String::from_utf8(bindings.to_vec()).expect("Rust source");
    bindings.push_str(&format!(
        "\npub use {runtime} as runtime;\
         \npub use self::exports::test::macro_forms::scenarios_{world} as scenarios;\n"
    ));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("bindings.rs"), bindings).expect("the output folder is writable");
}
