//! The `error-context` type.

use crate::sys;
use alloc::string::String;
use core::fmt;
use core::mem::MaybeUninit;

/// A message that travels with an error, for people to read.
///
/// The host may shorten, change or discard the text. This type is gated in the
/// component model (📝): a host may not offer it.
///
/// # Examples
///
/// ```no_run
/// let context = wit_async::ErrorContext::new("the disk is full");
/// println!("{context}");
/// ```
#[derive(PartialEq, Eq)]
pub struct ErrorContext {
    handle: u32,
}

impl ErrorContext {
    /// Makes an error context (canonical ABI, "error-context.new").
    pub fn new(debug_message: &str) -> ErrorContext {
        ErrorContext::from_handle(sys::error_context_new(debug_message))
    }

    /// Takes over `handle`, which must be an error context of ours.
    #[doc(hidden)]
    pub fn from_handle(handle: u32) -> ErrorContext {
        ErrorContext { handle }
    }

    /// The handle, which stays ours.
    #[doc(hidden)]
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// The message, or what the host kept of it (canonical ABI,
    /// "error-context.debug-message").
    pub fn debug_message(&self) -> String {
        let mut message = MaybeUninit::<sys::Text>::uninit();
        // SAFETY: the handle is ours, and there is room for pointer and length.
        // The host writes both, of memory that it got from our allocator: an
        // owned string of that length.
        unsafe {
            sys::error_context_debug_message(self.handle, message.as_mut_ptr());
            let sys::Text { pointer, length } = message.assume_init();
            String::from_raw_parts(pointer, length, length)
        }
    }
}

impl fmt::Debug for ErrorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorContext")
            .field("debug_message", &self.debug_message())
            .finish()
    }
}

impl fmt::Display for ErrorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug_message())
    }
}

impl core::error::Error for ErrorContext {}

impl Drop for ErrorContext {
    fn drop(&mut self) {
        sys::error_context_drop(self.handle);
    }
}
