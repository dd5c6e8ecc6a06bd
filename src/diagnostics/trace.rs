//! What became of operations.

use super::{Kind, Timing};
use crate::instance;
use alloc::vec::Vec;
use core::cell::RefCell;

/// How often operations of one kind and payload came to one outcome.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// What was done.
    pub kind: Kind,
    /// What it came to.
    pub timing: Timing,
    /// The payload's type, as `core::any::type_name` has it; for a subtask the
    /// type of its results.
    pub payload: &'static str,
    /// How often.
    pub count: u64,
}

/// What was recorded since the instance started.
///
/// # Examples
///
/// ```
/// for outcome in wit_async::diagnostics::trace() {
///     println!("{outcome:?}");
/// }
/// ```
pub fn trace() -> Vec<Recorded> {
    instance::with(|instance| instance.gauges.trace.0.borrow().clone())
}

pub(super) struct Trace(RefCell<Vec<Recorded>>);

impl Trace {
    pub(super) const fn new() -> Trace {
        Trace(RefCell::new(Vec::new()))
    }
}

pub(super) fn record(kind: Kind, timing: Timing, payload: &'static str) {
    instance::try_with(|instance| {
        let mut trace = instance.gauges.trace.0.borrow_mut();
        let known = trace
            .iter_mut()
            .find(|known| known.kind == kind && known.timing == timing && known.payload == payload);
        match known {
            Some(known) => known.count += 1,
            None => trace.push(Recorded {
                kind,
                timing,
                payload,
                count: 1,
            }),
        }
    });
}
