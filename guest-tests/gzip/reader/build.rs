//! The largest size of this guest's memory. The three guests of the job have
//! different ones, by which the host can tell their memories apart.

const MAX_PAGES: u32 = 126;

fn main() {
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!(
        "cargo::rustc-link-arg-cdylib=--max-memory={}",
        MAX_PAGES * 65536
    );
}
