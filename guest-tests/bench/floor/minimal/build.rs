//! See `bench-world`.

fn main() {
    if let Err(error) = bench_world::embed("minimal") {
        panic!("{error:?}");
    }
}
