//! Traps: where the canonical ABI forbids what the guest did.
//!
//! In a scripted test a trap is a panic with the rule. A simulation catches it:
//! a trap ends the instance, so from then on every built-in answers something
//! harmless, and the run is over as soon as the guest's code has returned.

use super::sites::Site;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt::Arguments;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

thread_local! {
    /// Asked so often that it has to cost next to nothing, which what has a destructor
    /// does not.
    static CATCHING: Cell<Catching> = const { Cell::new(Catching::No) };
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The next end that is made up once the instance has trapped.
    static MADE_UP: Cell<u32> = const { Cell::new(0) };
}

/// What no handle of a run reaches: what is made up must not be taken for another end,
/// whose memory its owner would give back then.
const MADE_UP_FROM: u32 = 1 << 10;

/// Whether traps are caught.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Catching {
    No,
    Yes,
    /// One was.
    Caught,
}

/// What a caught trap unwinds with. What it said is noted already, so that it is
/// not lost whoever stops it on its way.
struct Trapped;

/// The canonical ABI forbids what the guest did.
#[track_caller]
pub fn trap(site: Site, what: Arguments<'_>) -> ! {
    raise(site.rule(), what)
}

/// Ends a run of a simulation for a reason that is no rule of the ABI.
pub fn give_up(why: &str, what: Arguments<'_>) -> ! {
    raise(why, what)
}

#[track_caller]
fn raise(why: &str, what: Arguments<'_>) -> ! {
    let message = format!("trap: {what} (canonical ABI, {why})");
    if !matches!(CATCHING.get(), Catching::No) {
        note(message);
        resume_unwind(Box::new(Trapped));
    }
    panic!("{message}")
}

/// From now on traps of this thread are caught, or no longer; what was caught
/// is forgotten.
pub fn catch_traps(on: bool) {
    CATCHING.set(if on { Catching::Yes } else { Catching::No });
    CAUGHT.take();
    MADE_UP.set(MADE_UP_FROM);
}

/// Whether a trap was caught: nothing that guest code does counts any more.
pub fn has_trapped() -> bool {
    matches!(CATCHING.get(), Catching::Caught)
}

/// The trap that was caught.
pub fn caught() -> Option<String> {
    CAUGHT.with_borrow(Clone::clone)
}

/// What a built-in answers once the instance has trapped: something that the
/// runtime takes without complaint.
#[derive(Copy, Clone)]
pub enum After {
    /// A copy starts, and never ends.
    Blocked,
    /// The other end has gone.
    Dropped,
    /// It was cancelled.
    Cancelled,
    /// One item was copied.
    Copied,
    /// A handle, or nothing of importance.
    One,
}

/// A result that can be made of [`After`].
pub trait Harmless {
    fn harmless(after: After) -> Self;
}

impl Harmless for () {
    fn harmless(_: After) {}
}

impl Harmless for u32 {
    fn harmless(after: After) -> u32 {
        match after {
            After::Blocked => u32::MAX,
            After::Dropped => 1,
            After::Cancelled => 2,
            After::Copied => 1 << 4,
            After::One => 1,
        }
    }
}

impl Harmless for u64 {
    fn harmless(_: After) -> u64 {
        let readable = MADE_UP.replace(MADE_UP.get() + 2);
        u64::from(readable + 1) << 32 | u64::from(readable)
    }
}

impl Harmless for String {
    fn harmless(_: After) -> String {
        String::new()
    }
}

/// Runs a built-in that Rust code calls.
pub fn guarded<R: Harmless>(f: impl FnOnce() -> R) -> R {
    guarded_or(After::One, f)
}

/// The same, with another answer after a trap.
pub fn guarded_or<R: Harmless>(after: After, f: impl FnOnce() -> R) -> R {
    match CATCHING.get() {
        Catching::No => return f(),
        Catching::Caught => return R::harmless(after),
        Catching::Yes => {}
    }
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result,
        Err(panic) => {
            if !panic.is::<Trapped>() {
                note(format!("the host itself panicked: {}", text(&*panic)));
            }
            R::harmless(after)
        }
    }
}

/// The first one counts: what follows may be due to it.
fn note(message: String) {
    CAUGHT.with_borrow_mut(|caught| {
        caught.get_or_insert(message);
    });
    CATCHING.set(Catching::Caught);
}

/// Ends the guest's code at a built-in that waits, once the instance has
/// trapped. While the stack unwinds already, returns.
pub fn unwind_if_trapped() {
    if has_trapped() && !std::thread::panicking() {
        resume_unwind(Box::new(Unwound));
    }
}

/// What guest code unwinds with that waits in an instance that has trapped.
pub struct Unwound;

/// What a panic was raised with.
pub fn text(panic: &(dyn Any + Send)) -> String {
    let string = panic.downcast_ref::<String>().cloned();
    string
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "no text".to_owned())
}

/// Runs a slot of a vtable, through which nothing can unwind. A trap that is not
/// caught is printed, past the capturing of output, and ends the process.
pub fn slot<R: Harmless>(after: After, f: impl FnOnce(&super::Host) -> R) -> R {
    let host = super::host();
    if !matches!(CATCHING.get(), Catching::No) {
        return guarded_or(after, || f(&host));
    }
    match catch_unwind(AssertUnwindSafe(|| f(&host))) {
        Ok(result) => result,
        Err(panic) => {
            let test = std::thread::current().name().unwrap_or("?").to_owned();
            let _ = writeln!(
                std::io::stderr(),
                "{test}: {}\ncalls before: {:#?}",
                text(&*panic),
                host.trace.borrow(),
            );
            std::process::abort()
        }
    }
}

/// Like [`guarded`], for what the host does by itself; nothing after a trap.
pub fn guarded_with<R>(f: impl FnOnce() -> R) -> Option<R> {
    let result = Cell::new(None);
    guarded(|| result.set(Some(f())));
    result.into_inner()
}
