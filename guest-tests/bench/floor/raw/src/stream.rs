//! The built-ins of one type of stream or future.

/// The built-ins of the streams of one type of items.
pub trait Stream {
    /// A stream: its readable and its writable end.
    fn ends() -> (u32, u32);
    /// Reads.
    ///
    /// # Safety
    ///
    /// There is room for `count` items, until what the read comes to is known.
    unsafe fn read(end: u32, items: *mut u8, count: u32) -> u32;
    /// Writes.
    ///
    /// # Safety
    ///
    /// There are `count` items in their canonical form, until what the write comes to is
    /// known.
    unsafe fn write(end: u32, items: *const u8, count: u32) -> u32;
    /// Cancels a read.
    fn cancel_read(end: u32) -> u32;
    /// Drops a readable end.
    fn drop_readable(end: u32);
    /// Drops a writable end.
    fn drop_writable(end: u32);
}

/// The built-ins of the futures of one type of value.
pub trait Future {
    /// A future: its readable and its writable end.
    fn ends() -> (u32, u32);
    /// Reads.
    ///
    /// # Safety
    ///
    /// There is room for the value, until what the read comes to is known.
    unsafe fn read(end: u32, value: *mut u8) -> u32;
    /// Writes.
    ///
    /// # Safety
    ///
    /// There is a value in its canonical form, until what the write comes to is known.
    unsafe fn write(end: u32, value: *const u8) -> u32;
    /// Drops a readable end.
    fn drop_readable(end: u32);
    /// Drops a writable end.
    fn drop_writable(end: u32);
}

/// A type with the built-ins of the first stream in the type of a function.
#[macro_export]
macro_rules! stream {
    ($type:ident, $module:literal, $function:literal) => {
        pub struct $type;

        const _: () = {
            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                #[link_name = concat!("[stream-new-0]", $function)]
                fn new() -> u64;
                #[link_name = concat!("[async-lower][stream-read-0]", $function)]
                fn read(end: u32, items: *mut u8, count: u32) -> u32;
                #[link_name = concat!("[async-lower][stream-write-0]", $function)]
                fn write(end: u32, items: *const u8, count: u32) -> u32;
                #[link_name = concat!("[stream-cancel-read-0]", $function)]
                fn cancel_read(end: u32) -> u32;
                #[link_name = concat!("[stream-drop-readable-0]", $function)]
                fn drop_readable(end: u32);
                #[link_name = concat!("[stream-drop-writable-0]", $function)]
                fn drop_writable(end: u32);
            }

            impl $crate::Stream for $type {
                fn ends() -> (u32, u32) {
                    // SAFETY: This built-in has no conditions.
                    let ends = unsafe { new() };
                    (ends as u32, (ends >> 32) as u32)
                }
                unsafe fn read(end: u32, items: *mut u8, count: u32) -> u32 {
                    // SAFETY: The caller sees to the memory.
                    unsafe { read(end, items, count) }
                }
                unsafe fn write(end: u32, items: *const u8, count: u32) -> u32 {
                    // SAFETY: The caller sees to the memory.
                    unsafe { write(end, items, count) }
                }
                fn cancel_read(end: u32) -> u32 {
                    // SAFETY: The built-in checks the handle.
                    unsafe { cancel_read(end) }
                }
                fn drop_readable(end: u32) {
                    // SAFETY: The built-in checks the handle.
                    unsafe { drop_readable(end) }
                }
                fn drop_writable(end: u32) {
                    // SAFETY: The built-in checks the handle.
                    unsafe { drop_writable(end) }
                }
            }
        };
    };
}

/// A type with the built-ins of the first future in the type of a function.
#[macro_export]
macro_rules! future {
    ($type:ident, $module:literal, $function:literal) => {
        pub struct $type;

        const _: () = {
            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                #[link_name = concat!("[future-new-0]", $function)]
                fn new() -> u64;
                #[link_name = concat!("[async-lower][future-read-0]", $function)]
                fn read(end: u32, value: *mut u8) -> u32;
                #[link_name = concat!("[async-lower][future-write-0]", $function)]
                fn write(end: u32, value: *const u8) -> u32;
                #[link_name = concat!("[future-drop-readable-0]", $function)]
                fn drop_readable(end: u32);
                #[link_name = concat!("[future-drop-writable-0]", $function)]
                fn drop_writable(end: u32);
            }

            impl $crate::Future for $type {
                fn ends() -> (u32, u32) {
                    // SAFETY: This built-in has no conditions.
                    let ends = unsafe { new() };
                    (ends as u32, (ends >> 32) as u32)
                }
                unsafe fn read(end: u32, value: *mut u8) -> u32 {
                    // SAFETY: The caller sees to the memory.
                    unsafe { read(end, value) }
                }
                unsafe fn write(end: u32, value: *const u8) -> u32 {
                    // SAFETY: The caller sees to the memory.
                    unsafe { write(end, value) }
                }
                fn drop_readable(end: u32) {
                    // SAFETY: The built-in checks the handle.
                    unsafe { drop_readable(end) }
                }
                fn drop_writable(end: u32) {
                    // SAFETY: The built-in checks the handle.
                    unsafe { drop_writable(end) }
                }
            }
        };
    };
}
