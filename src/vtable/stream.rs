//! What the runtime needs to know about one type of `stream<T>`.

use core::alloc::Layout;

/// The built-ins and conversions for one type of `stream<T>`.
///
/// Implemented for `&StreamVtable<T>`, which generated bindings supply, and for
/// [`UnitStreamOps`](crate::UnitStreamOps).
///
/// # Safety
///
/// The answers are about one and the same type, and never change: if
/// [`native_abi_matches_canonical_abi`](StreamOps::native_abi_matches_canonical_abi)
/// is true then an array of `Payload` is laid out as the canonical ABI lays
/// out `list<T>`, and any bytes that the host writes make valid values.
///
/// # Safety of the methods
///
/// As for [`FutureOps`](crate::FutureOps), with `amt` elements one behind the
/// other in place of one. `lower` and `lift` are called only when the layouts
/// differ.
///
/// # Examples
///
/// ```
/// use wit_async::StreamOps;
///
/// fn is_sent_without_copying<O: StreamOps>(ops: &O) -> bool {
///     ops.native_abi_matches_canonical_abi()
/// }
/// ```
pub unsafe trait StreamOps: Clone + 'static {
    /// What is sent and received.
    type Payload: 'static;

    /// The `stream.new` built-in: readable end in the low 32 bits, writable
    /// end in the high ones.
    #[allow(
        clippy::wrong_self_convention,
        clippy::new_ret_no_self,
        reason = "the name of the built-in"
    )]
    fn new(&mut self) -> u64;

    /// Size and alignment of one element in the canonical ABI.
    fn elem_layout(&self) -> Layout;

    /// Whether an element is the same in Rust and in the canonical ABI.
    fn native_abi_matches_canonical_abi(&self) -> bool;

    /// Whether a lowered element owns lists that have to be freed once it was
    /// sent.
    fn contains_lists(&self) -> bool;

    /// Moves `payload` to `dst` in its canonical form.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn lower(&mut self, payload: Self::Payload, dst: *mut u8);

    /// Frees the lists of a lowered element whose handles were transferred.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn dealloc_lists(&mut self, dst: *mut u8);

    /// Takes the element at `dst` out of its canonical form.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn lift(&mut self, dst: *mut u8) -> Self::Payload;

    /// The `stream.write` built-in, asynchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn start_write(&mut self, stream: u32, val: *const u8, amt: usize) -> u32;

    /// The `stream.read` built-in, asynchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn start_read(&mut self, stream: u32, val: *mut u8, amt: usize) -> u32;

    /// The `stream.cancel-read` built-in, synchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn cancel_read(&mut self, stream: u32) -> u32;

    /// The `stream.cancel-write` built-in, synchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn cancel_write(&mut self, stream: u32) -> u32;

    /// The `stream.drop-readable` built-in.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn drop_readable(&mut self, stream: u32);

    /// The `stream.drop-writable` built-in.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn drop_writable(&mut self, stream: u32);
}

/// The table that generated bindings fill for one type of `stream<T>`.
///
/// The fields are the methods of [`StreamOps`]; see there for what each of them
/// has to do. `lower`, `lift` and `dealloc_lists` are absent when an element is
/// the same in Rust and in the canonical ABI.
pub struct StreamVtable<T> {
    /// Size and alignment of `T` in the canonical ABI.
    pub layout: Layout,
    /// Moves an element to its canonical form; see [`StreamOps::lower`].
    pub lower: Option<unsafe fn(value: T, dst: *mut u8)>,
    /// Frees the lists of a sent element; see [`StreamOps::dealloc_lists`].
    pub dealloc_lists: Option<unsafe fn(dst: *mut u8)>,
    /// Takes an element out of its canonical form; see [`StreamOps::lift`].
    pub lift: Option<unsafe fn(dst: *mut u8) -> T>,
    /// `stream.write`
    pub start_write: unsafe extern "C" fn(stream: u32, val: *const u8, amt: usize) -> u32,
    /// `stream.read`
    pub start_read: unsafe extern "C" fn(stream: u32, val: *mut u8, amt: usize) -> u32,
    /// `stream.cancel-write`
    pub cancel_write: unsafe extern "C" fn(stream: u32) -> u32,
    /// `stream.cancel-read`
    pub cancel_read: unsafe extern "C" fn(stream: u32) -> u32,
    /// `stream.drop-writable`
    pub drop_writable: unsafe extern "C" fn(stream: u32),
    /// `stream.drop-readable`
    pub drop_readable: unsafe extern "C" fn(stream: u32),
    /// `stream.new`
    pub new: unsafe extern "C" fn() -> u64,
}

// SAFETY: the table is made by the generator for one type and is immutable;
// it leaves `lift` out exactly when the layouts agree.
unsafe impl<T: 'static> StreamOps for &'static StreamVtable<T> {
    type Payload = T;

    fn new(&mut self) -> u64 {
        // SAFETY: takes nothing, returns two handles.
        unsafe { (self.new)() }
    }

    fn elem_layout(&self) -> Layout {
        self.layout
    }

    fn native_abi_matches_canonical_abi(&self) -> bool {
        self.lift.is_none()
    }

    fn contains_lists(&self) -> bool {
        self.dealloc_lists.is_some()
    }

    unsafe fn lower(&mut self, payload: T, dst: *mut u8) {
        let lower = self.lower.expect("lowering an element that needs none");
        // SAFETY: as promised to the trait.
        unsafe { lower(payload, dst) }
    }

    unsafe fn dealloc_lists(&mut self, dst: *mut u8) {
        if let Some(dealloc_lists) = self.dealloc_lists {
            // SAFETY: as promised to the trait.
            unsafe { dealloc_lists(dst) }
        }
    }

    unsafe fn lift(&mut self, dst: *mut u8) -> T {
        let lift = self.lift.expect("lifting an element that needs none");
        // SAFETY: as promised to the trait.
        unsafe { lift(dst) }
    }

    unsafe fn start_write(&mut self, stream: u32, val: *const u8, amt: usize) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.start_write)(stream, val, amt) }
    }

    unsafe fn start_read(&mut self, stream: u32, val: *mut u8, amt: usize) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.start_read)(stream, val, amt) }
    }

    unsafe fn cancel_read(&mut self, stream: u32) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.cancel_read)(stream) }
    }

    unsafe fn cancel_write(&mut self, stream: u32) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.cancel_write)(stream) }
    }

    unsafe fn drop_readable(&mut self, stream: u32) {
        // SAFETY: as promised to the trait.
        unsafe { (self.drop_readable)(stream) }
    }

    unsafe fn drop_writable(&mut self, stream: u32) {
        // SAFETY: as promised to the trait.
        unsafe { (self.drop_writable)(stream) }
    }
}
