//! What the runtime needs to know about one type of `future<T>`.

use core::alloc::Layout;

/// The built-ins and conversions for one type of `future<T>`.
///
/// Implemented for `&FutureVtable<T>`, which generated bindings supply.
///
/// # Safety of the methods
///
/// `dst`, `src` and `val` are valid for reads and writes of
/// [`elem_layout`](FutureOps::elem_layout), and the handle is an end of this
/// type of future. `lower` initialises its destination, `lift` and
/// `dealloc_lists` consume what was initialised: exactly one of them per value.
/// What `start_read` and `start_write` were given stays valid, and is not
/// touched, until the operation has finished or was cancelled.
///
/// # Examples
///
/// ```
/// use wit_async::FutureOps;
///
/// fn bytes_lent_to_the_host<O: FutureOps>(ops: &mut O) -> usize {
///     ops.elem_layout().size()
/// }
/// ```
pub trait FutureOps: 'static {
    /// What is sent and received.
    type Payload: 'static;

    /// The `future.new` built-in: readable end in the low 32 bits, writable
    /// end in the high ones.
    #[allow(
        clippy::wrong_self_convention,
        clippy::new_ret_no_self,
        reason = "the name of the built-in"
    )]
    fn new(&mut self) -> u64;

    /// Size and alignment of the payload in the canonical ABI.
    fn elem_layout(&mut self) -> Layout;

    /// Moves `payload` to `dst` in its canonical form.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn lower(&mut self, payload: Self::Payload, dst: *mut u8);

    /// Frees the lists of a lowered value whose handles were transferred.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn dealloc_lists(&mut self, dst: *mut u8);

    /// Takes the value at `dst` out of its canonical form.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn lift(&mut self, dst: *mut u8) -> Self::Payload;

    /// The `future.write` built-in, asynchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn start_write(&mut self, future: u32, val: *const u8) -> u32;

    /// The `future.read` built-in, asynchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn start_read(&mut self, future: u32, val: *mut u8) -> u32;

    /// The `future.cancel-read` built-in, synchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn cancel_read(&mut self, future: u32) -> u32;

    /// The `future.cancel-write` built-in, synchronously lowered.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn cancel_write(&mut self, future: u32) -> u32;

    /// The `future.drop-readable` built-in.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn drop_readable(&mut self, future: u32);

    /// The `future.drop-writable` built-in.
    ///
    /// # Safety
    ///
    /// As the trait says.
    unsafe fn drop_writable(&mut self, future: u32);
}

/// The table that generated bindings fill for one type of `future<T>`.
///
/// The fields are the methods of [`FutureOps`]; see there for what each of
/// them has to do.
pub struct FutureVtable<T> {
    /// Size and alignment of `T` in the canonical ABI.
    pub layout: Layout,
    /// Moves a value to its canonical form; see [`FutureOps::lower`].
    pub lower: unsafe fn(value: T, dst: *mut u8),
    /// Frees the lists of a sent value; see [`FutureOps::dealloc_lists`].
    pub dealloc_lists: unsafe fn(dst: *mut u8),
    /// Takes a value out of its canonical form; see [`FutureOps::lift`].
    pub lift: unsafe fn(dst: *mut u8) -> T,
    /// `future.write`
    pub start_write: unsafe extern "C" fn(future: u32, val: *const u8) -> u32,
    /// `future.read`
    pub start_read: unsafe extern "C" fn(future: u32, val: *mut u8) -> u32,
    /// `future.cancel-write`
    pub cancel_write: unsafe extern "C" fn(future: u32) -> u32,
    /// `future.cancel-read`
    pub cancel_read: unsafe extern "C" fn(future: u32) -> u32,
    /// `future.drop-writable`
    pub drop_writable: unsafe extern "C" fn(future: u32),
    /// `future.drop-readable`
    pub drop_readable: unsafe extern "C" fn(future: u32),
    /// `future.new`
    pub new: unsafe extern "C" fn() -> u64,
}

impl<T: 'static> FutureOps for &'static FutureVtable<T> {
    type Payload = T;

    fn new(&mut self) -> u64 {
        // SAFETY: takes nothing, returns two handles.
        unsafe { (self.new)() }
    }

    fn elem_layout(&mut self) -> Layout {
        self.layout
    }

    unsafe fn lower(&mut self, payload: T, dst: *mut u8) {
        // SAFETY: as promised to the trait.
        unsafe { (self.lower)(payload, dst) }
    }

    unsafe fn dealloc_lists(&mut self, dst: *mut u8) {
        // SAFETY: as promised to the trait.
        unsafe { (self.dealloc_lists)(dst) }
    }

    unsafe fn lift(&mut self, dst: *mut u8) -> T {
        // SAFETY: as promised to the trait.
        unsafe { (self.lift)(dst) }
    }

    unsafe fn start_write(&mut self, future: u32, val: *const u8) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.start_write)(future, val) }
    }

    unsafe fn start_read(&mut self, future: u32, val: *mut u8) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.start_read)(future, val) }
    }

    unsafe fn cancel_read(&mut self, future: u32) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.cancel_read)(future) }
    }

    unsafe fn cancel_write(&mut self, future: u32) -> u32 {
        // SAFETY: as promised to the trait.
        unsafe { (self.cancel_write)(future) }
    }

    unsafe fn drop_readable(&mut self, future: u32) {
        // SAFETY: as promised to the trait.
        unsafe { (self.drop_readable)(future) }
    }

    unsafe fn drop_writable(&mut self, future: u32) {
        // SAFETY: as promised to the trait.
        unsafe { (self.drop_writable)(future) }
    }
}
