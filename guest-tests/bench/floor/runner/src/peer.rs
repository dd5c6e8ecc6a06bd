//! What is imported.

use bench_raw::Text;

/// The result of a call that is a number.
pub static NUMBER: bench_raw::Lent<u32> = bench_raw::Lent::new(0);

/// The result of a call that is a sum.
pub static SUM: bench_raw::Lent<u64> = bench_raw::Lent::new(0);

#[link(wasm_import_module = "test:bench/peer@0.1.0")]
unsafe extern "C" {
    #[link_name = "[async-lower]ready"]
    pub fn ready(a: u32, result: *mut u32) -> u32;
    #[link_name = "[async-lower]yields"]
    pub fn yields(a: u32, result: *mut u32) -> u32;
    #[link_name = "[async-lower]five"]
    pub fn five(all: *const [u32; 5], result: *mut u32) -> u32;
    #[link_name = "[async-lower]twenty"]
    pub fn twenty(all: *const [u32; 20], result: *mut u32) -> u32;
    #[link_name = "[async-lower]text"]
    pub fn text(text: *const u8, length: usize, result: *mut Text) -> u32;
    #[link_name = "[async-lower]take-number"]
    pub fn take_number(reader: u32, result: *mut u32) -> u32;
    #[link_name = "[async-lower]take-text"]
    pub fn take_text(reader: u32, result: *mut u32) -> u32;
    #[link_name = "[async-lower]take-bytes"]
    pub fn take_bytes(reader: u32, chunk: u32, result: *mut u64) -> u32;
    #[link_name = "[async-lower]take-numbers"]
    pub fn take_numbers(reader: u32, batch: u32, result: *mut u64) -> u32;
    #[link_name = "[async-lower]take-points"]
    pub fn take_points(reader: u32, batch: u32, result: *mut u64) -> u32;
    #[link_name = "[async-lower]take-texts"]
    pub fn take_texts(reader: u32, batch: u32, result: *mut u64) -> u32;
    #[link_name = "[async-lower]take-tokens"]
    pub fn take_tokens(reader: u32, batch: u32, result: *mut u64) -> u32;
    #[link_name = "[async-lower]give-bytes"]
    pub fn give_bytes(chunk: u32, count: u32, result: *mut u32) -> u32;
    #[link_name = "[async-lower]ping"]
    pub fn ping(n: u32, result: *mut u64) -> u32;
    #[link_name = "[async-lower]pong"]
    pub fn pong(n: u32, result: *mut u64) -> u32;
    #[link_name = "[constructor]token"]
    pub fn token(n: u32) -> u32;
}

#[link(wasm_import_module = "test:bench/promises@0.1.0")]
unsafe extern "C" {
    #[link_name = "[async-lower]give-number"]
    pub fn give_number(result: *mut u32) -> u32;
    #[link_name = "[async-lower]take-later"]
    pub fn take_later(reader: u32) -> u32;
}

bench_raw::future!(GivenNumber, "test:bench/promises@0.1.0", "give-number");
bench_raw::future!(LaterNumber, "test:bench/promises@0.1.0", "take-later");
bench_raw::future!(Number, "test:bench/peer@0.1.0", "take-number");
bench_raw::future!(TextFuture, "test:bench/peer@0.1.0", "take-text");
bench_raw::stream!(Bytes, "test:bench/peer@0.1.0", "take-bytes");
bench_raw::stream!(Numbers, "test:bench/peer@0.1.0", "take-numbers");
bench_raw::stream!(Points, "test:bench/peer@0.1.0", "take-points");
bench_raw::stream!(Texts, "test:bench/peer@0.1.0", "take-texts");
bench_raw::stream!(Tokens, "test:bench/peer@0.1.0", "take-tokens");
bench_raw::stream!(Given, "test:bench/peer@0.1.0", "give-bytes");
