//! Streams without a payload, which exist without generated bindings.

use super::{RawStreamReader, RawStreamWriter, raw_stream_new};
use crate::sys::unit;
use crate::vtable::StreamOps;
use core::alloc::Layout;

/// A `stream` without a payload, for use inside of one component.
///
/// No world has to mention such a stream; [`UnitStreamOps::new`] makes one.
/// Both ends may be used in the same component: the ABI allows that for items
/// that own nothing.
///
/// # Examples
///
/// ```
/// use wit_async::UnitStreamOps;
///
/// async fn ping() {
///     let (mut writer, mut reader) = UnitStreamOps::new();
///     let (sent, received) =
///         futures::future::join(writer.write_one(()), reader.next()).await;
///     assert_eq!((sent, received), (None, Some(())));
/// }
/// ```
#[derive(Copy, Clone, Debug)]
pub struct UnitStreamOps;

impl UnitStreamOps {
    /// Makes a stream and returns its two ends.
    #[allow(clippy::new_ret_no_self, reason = "the name that bindings know")]
    pub fn new() -> (RawStreamWriter<Self>, RawStreamReader<Self>) {
        // SAFETY: these are the built-ins of a stream without a payload.
        unsafe { raw_stream_new(UnitStreamOps) }
    }
}

// SAFETY: a unit is no memory in Rust and none in the canonical ABI.
unsafe impl StreamOps for UnitStreamOps {
    type Payload = ();

    fn new(&mut self) -> u64 {
        unit::stream_new()
    }

    fn elem_layout(&self) -> Layout {
        Layout::new::<()>()
    }

    fn native_abi_matches_canonical_abi(&self) -> bool {
        true
    }

    fn contains_lists(&self) -> bool {
        false
    }

    unsafe fn lower(&mut self, (): (), _: *mut u8) {}

    unsafe fn dealloc_lists(&mut self, _: *mut u8) {}

    unsafe fn lift(&mut self, _: *mut u8) {}

    unsafe fn start_write(&mut self, stream: u32, _: *const u8, items: usize) -> u32 {
        unit::stream_write(stream, items)
    }

    unsafe fn start_read(&mut self, stream: u32, _: *mut u8, items: usize) -> u32 {
        unit::stream_read(stream, items)
    }

    unsafe fn cancel_read(&mut self, stream: u32) -> u32 {
        unit::stream_cancel_read(stream)
    }

    unsafe fn cancel_write(&mut self, stream: u32) -> u32 {
        unit::stream_cancel_write(stream)
    }

    unsafe fn drop_readable(&mut self, stream: u32) {
        unit::stream_drop_readable(stream);
    }

    unsafe fn drop_writable(&mut self, stream: u32) {
        unit::stream_drop_writable(stream);
    }
}
