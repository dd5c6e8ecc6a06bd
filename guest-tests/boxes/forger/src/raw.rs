//! The imports as they are: numbers.

/// Room for a `result<u64, problem>`.
#[repr(C, align(8))]
struct Answer([u8; 16]);

#[link(wasm_import_module = "test:boxes/boxes@0.1.0")]
unsafe extern "C" {
    #[link_name = "read-number"]
    fn read_number(handle: u32, answer: *mut Answer);
    #[link_name = "consume"]
    fn consume(handle: u32, answer: *mut Answer);
    #[link_name = "[resource-drop]box"]
    fn drop_box(handle: u32);
}

/// Lends what has this number to the host.
pub fn lend(number: u32) {
    let mut answer = Answer([0; 16]);
    // SAFETY: lowered results are written behind the pointer, and there is room for them. A
    // number that is no handle traps.
    unsafe { read_number(number, &mut answer) };
}

/// Gives what has this number to the host.
pub fn give(number: u32) {
    let mut answer = Answer([0; 16]);
    // SAFETY: as in `lend`.
    unsafe { consume(number, &mut answer) };
}

/// Drops what has this number.
pub fn drop(number: u32) {
    // SAFETY: touches no memory. A number that is no handle traps.
    unsafe { drop_box(number) };
}
