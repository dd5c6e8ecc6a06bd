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
//!
//! | module | holds |
//! |---|---|
//! | `registry`, `entry` | the table: what is known of each handle |
//! | `seats` | which set a handle is in: joining, moving, leaving |
//! | `events` | events, from whoever delivers them to who waits |
//! | `home`, `wake` | a task as others see it, and how it is woken |
//! | `current` | which task is polling |
//! | `background` | what passes on what readers keep that were handed away |
//! | `orphans` | operations that belong to no task, and their set |
//! | `adrift` | operations that go on without their future |
//! | `kept` | what ends keep of operations whose futures are gone |
//! | `allowance` | how much one turn of a task may complete |
//! | `pair` | ends both of which are here, which meet without the host |
//! | `cabi`, `foreign` | executors and operations of other bindings |

mod adrift;
mod allowance;
mod asked;
mod background;
pub(crate) mod cabi;
mod carried;
mod current;
mod entry;
mod events;
mod foreign;
mod home;
mod kept;
mod orphans;
mod pair;
mod registry;
mod request;
mod seats;
mod wake;

pub(crate) use adrift::{Adrift, Orphan, Orphans, Then, leave_alone, orphan, settle_orphans};
pub(crate) use allowance::{
    Allowance, Ticket, give_back, is_spent, may_start, refill, release, reserve, spend,
    takes_events_first,
};
pub(crate) use asked::{Asked, ask_for, asking, is_to_be_asked, stand_still_for};
pub(crate) use background::StandIns;
pub(crate) use carried::{Carried, Carrier, carry, carrying, put_down};
pub(crate) use current::{Current, current, enter, may_cancel, preserve};
pub(crate) use events::{begins_anew, deliver, take};
pub(crate) use home::{Home, ROOM_KEPT};
pub(crate) use kept::{Held, Kept, arm, cancel_kept, when_put_back};
#[cfg(feature = "diagnostics")]
pub(crate) use orphans::hear_orphans;
pub(crate) use orphans::{
    Orphanage, adopt, is_calm, settle, spawn_in_background, take_in, with_some_task,
};
pub(crate) use pair::{
    Goes, Late, Lent, Side, note_pair, pair_here, wake_late, wake_others, write_goes,
};
pub(crate) use registry::{
    Registry, Standing, awaits_foreign, is_told_dropped, is_unknown, is_untouched, needs_task,
    note_dropped, over, standing,
};
pub(crate) use seats::{Begins, forget, leave, wait};
