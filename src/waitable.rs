//! Where operations and executors meet.
//!
//! An operation that blocks says here which handle it waits for, and with
//! which waker. An executor that gets an event says here what happened to
//! which handle. Neither knows the other:
//!
//! ```text
//!  op ── wait(handle, waker) ──►  Registry   ◄── deliver(handle, payload) ── task
//!  op ◄── take(handle) ─────────  [handle] = { state, home }  ── waker.wake() ──► task
//! ```
//!
//! A [`Home`] is what an operation has to know about a task: its waitable set
//! and how to wake it. Executors of other crates are reached, and reach us,
//! through the C ABI in [`cabi`].

mod adrift;
pub(crate) mod cabi;
mod current;
mod entry;
mod home;
mod orphans;
mod pair;
mod registry;
mod wake;

pub(crate) use adrift::{Adrift, Orphans, Then, leave_alone, orphan, settle_orphans};
pub(crate) use current::{Current, current, enter, may_cancel, preserve};
pub(crate) use home::Home;
#[cfg(feature = "diagnostics")]
pub(crate) use orphans::hear_orphans;
pub(crate) use orphans::{Orphanage, settle, with_some_task};
pub(crate) use pair::{Late, Lent, Side, note_pair, pair_here, wake_late};
pub(crate) use registry::{
    Registry, Standing, awaits_foreign, deliver, forget, is_told_dropped, leave, let_go,
    needs_task, note_dropped, over, standing, take, wait,
};
