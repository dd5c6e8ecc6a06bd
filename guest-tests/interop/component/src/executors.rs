//! The versions as those who run tasks.

/// A version of the runtime, as the executor of a task.
pub trait Executor {
    /// The revision of the C ABI by which operations of other versions reach
    /// a task of this one.
    const REVISION: u32;

    /// Runs a future in a task of its own, inside of the current one.
    fn block_on(future: impl Future<Output = ()>);
}

macro_rules! executor {
    ($(#[$doc:meta])* $name:ident, $bindings:ident, $revision:literal) => {
        $(#[$doc])*
        pub struct $name;

        impl Executor for $name {
            const REVISION: u32 = $revision;

            fn block_on(future: impl Future<Output = ()>) {
                $bindings::runtime::block_on(future);
            }
        }
    };
}

executor!(
    /// wit-async.
    Own, interop_own, 3
);
executor!(
    /// wit-bindgen 0.63.
    V63, interop_v63, 3
);
executor!(
    /// wit-bindgen 0.60.
    V60, interop_v60, 2
);
executor!(
    /// wit-bindgen 0.58, whose tasks cannot be held on to.
    V58, interop_v58, 1
);
