//! The state of one component instance, in one struct, in one place.
//!
//! A component instance is a linear memory, and everything in here is about
//! handles and memory of that instance. Nothing outside of this module is
//! static.
//!
//! What looks at it for a moment is `#[inline]`: guests are built without optimisation across
//! crates unless they ask for it, and a look costs less than a call.
//!
//! # Rules
//!
//! 1. *One thread.* The state is only reached from the thread that it belongs
//!    to: with `std` it is a thread-local; without it there is only wasm
//!    without threads. Native tests get one instance per thread, and as many
//!    more as they make.
//! 2. *No borrow across foreign code.* Whoever borrows a part of the state
//!    ends the borrow before calling a waker, a payload's code or a built-in
//!    that can block: each of these may come back here.

use crate::buffer::Pool;
#[cfg(feature = "diagnostics")]
use crate::diagnostics::Gauges;
use crate::task::Pressure;
use crate::waitable::{Allowance, Asked, Carrier, Late, Orphanage, Orphans, Registry, StandIns};

/// Everything the runtime knows about the instance it runs in.
pub(crate) struct Instance {
    /// What is known of each handle.
    pub(crate) registry: Registry,
    /// Recycled memory for small payloads.
    pub(crate) pool: Pool,
    /// Operations that belong to no task.
    pub(crate) orphanage: Orphanage,
    /// Each `block_on` that stands in for a task.
    pub(crate) stand_ins: StandIns,
    /// Operations that no future waits for.
    pub(crate) orphans: Orphans,
    /// Calls whose cancel is asked for.
    pub(crate) asked: Asked,
    /// What the turn that is polling may still complete.
    pub(crate) allowance: Allowance,
    /// Who is to be woken because of what happened without the host.
    pub(crate) late: Late,
    /// What is lowered into something that is written.
    pub(crate) carrier: Carrier,
    /// Who wants calls to be held back.
    pub(crate) pressure: Pressure,
    /// What is alive, when somebody counts.
    #[cfg(feature = "diagnostics")]
    pub(crate) gauges: Gauges,
}

impl Instance {
    const fn new() -> Instance {
        Instance {
            registry: Registry::new(),
            pool: Pool::new(),
            orphanage: Orphanage::new(),
            stand_ins: StandIns::new(),
            orphans: Orphans::new(),
            asked: Asked::new(),
            allowance: Allowance::new(),
            late: Late::new(),
            carrier: Carrier::new(),
            pressure: Pressure::new(),
            #[cfg(feature = "diagnostics")]
            gauges: Gauges::new(),
        }
    }
}

#[cfg(all(feature = "std", target_family = "wasm"))]
mod place {
    use super::Instance;

    std::thread_local! {
        static INSTANCE: Instance = const { Instance::new() };
    }

    /// Calls `f` with the state of this instance. `None` when the thread is
    /// ending and the state is gone, which a component never sees.
    #[inline(always)]
    pub(crate) fn try_with<R>(f: impl FnOnce(&Instance) -> R) -> Option<R> {
        INSTANCE.try_with(f).ok()
    }
}

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod place {
    use super::Instance;
    use alloc::rc::Rc;
    use core::cell::RefCell;

    std::thread_local! {
        static OWN: Instance = const { Instance::new() };
        /// In place of the thread's own.
        static ENTERED: RefCell<Option<Rc<Instance>>> = const { RefCell::new(None) };
    }

    /// Calls `f` with the state of this instance. `None` when the thread is
    /// ending and the state is gone, which a component never sees.
    pub(crate) fn try_with<R>(f: impl FnOnce(&Instance) -> R) -> Option<R> {
        let mut f = Some(f);
        // No other instance is entered meanwhile, for `f` calls no foreign code.
        let done = ENTERED.try_with(|entered| match &*entered.borrow() {
            Some(instance) => f.take().map(|f| f(instance)),
            None => None,
        });
        match (done, f) {
            (Ok(Some(result)), _) => Some(result),
            (_, Some(f)) => OWN.try_with(f).ok(),
            _ => None,
        }
    }

    /// The state of one more instance.
    pub(crate) fn separate() -> Rc<Instance> {
        Rc::new(Instance::new())
    }

    /// Makes `instance` the one of this thread; returns the one before.
    pub(crate) fn replace(instance: Option<Rc<Instance>>) -> Option<Rc<Instance>> {
        let replaced = ENTERED.try_with(|entered| entered.replace(instance));
        replaced.ok().flatten()
    }
}

#[cfg(all(not(feature = "std"), target_family = "wasm"))]
mod place {
    use super::Instance;

    #[cfg(target_feature = "atomics")]
    compile_error!("without `std` wit-async supports only wasm without threads");

    struct OneThread(Instance);

    // SAFETY: without threads nothing is shared between threads (rule 1).
    unsafe impl Sync for OneThread {}

    static INSTANCE: OneThread = OneThread(Instance::new());

    /// Calls `f` with the state of this instance.
    #[inline(always)]
    pub(crate) fn try_with<R>(f: impl FnOnce(&Instance) -> R) -> Option<R> {
        Some(f(&INSTANCE.0))
    }
}

#[cfg(all(not(feature = "std"), not(target_family = "wasm")))]
mod place {
    use super::Instance;

    /// There is no thread-local without `std`, hence no instance.
    pub(crate) fn try_with<R>(_: impl FnOnce(&Instance) -> R) -> Option<R> {
        let _ = Instance::new;
        None
    }
}

pub(crate) use place::try_with;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
pub(crate) use place::{replace, separate};

/// Calls `f` with the state of this instance.
///
/// # Panics
///
/// Natively without `std`, and in destructors of thread-locals that run after
/// the state is gone; neither exists in a component.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Instance) -> R) -> R {
    try_with(f).expect("the async runtime has no instance on this thread (is `std` enabled?)")
}
