//! Which run goes on, for those who have to know when the process dies or hangs.
//!
//! What a run does wrong is found at its end, or by a panic. But the runtime is unsafe
//! code: it may also end the process, or never come back. Then a handler of signals, or a
//! thread that watches, says which run it was.

use crate::host::{fault, trap};
use crate::print::complain;
use crate::sim::scenario::{Scenario, Small};
use std::cell::Cell;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// The number of the run that goes on: its seed, or which schedule it is.
static NUMBER: AtomicU64 = AtomicU64::new(0);
/// Where in `names` its scenario is.
static NAME: AtomicUsize = AtomicUsize::new(0);
/// How many runs have begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);
/// Whether one goes on.
static RUNS: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The panic before.
    static BEFORE: Cell<Option<String>> = const { Cell::new(None) };
}

/// All scenarios, those by seed first.
fn names() -> impl Iterator<Item = Scenario> {
    let small = Small::ALL.into_iter().map(Scenario::Small);
    Scenario::ALL.into_iter().chain(small)
}

/// A run begins.
pub fn begin(number: u64, scenario: Scenario) {
    NUMBER.store(number, Relaxed);
    let place = names().position(|each| each == scenario);
    NAME.store(place.unwrap_or_default(), Relaxed);
    RUNS.store(true, Relaxed);
    again();
}

/// No run goes on: what takes its time now is whoever reads what is printed.
pub fn end() {
    RUNS.store(false, Relaxed);
}

/// The same run begins again, with other choices.
pub fn again() {
    BEGUN.fetch_add(1, Relaxed);
}

/// Watches from now on: whether a run takes longer than that, whether it kills the
/// process, and whether it panics while it panics.
pub fn start(patience: Duration) {
    std::panic::set_hook(Box::new(panicked));
    #[cfg(unix)]
    signals::handle();
    thread::spawn(move || {
        let (mut begun, mut since) = (0, Instant::now());
        loop {
            thread::sleep(Duration::from_millis(200));
            let now = BEGUN.load(Relaxed);
            if now != begun || !RUNS.load(Relaxed) {
                (begun, since) = (now, Instant::now());
            } else if since.elapsed() > patience {
                let seconds = patience.as_secs();
                let mut text = [0; 300];
                let text = last_words(&mut text, &format_args!("takes more than {seconds} s"));
                complain(String::from_utf8_lossy(text).trim_end());
                std::process::exit(1);
            }
        }
    });
}

/// Which run it is and what about it, without memory from the heap, which may be what
/// is broken.
fn last_words<'a>(room: &'a mut [u8], what: &dyn std::fmt::Display) -> &'a [u8] {
    let number = NUMBER.load(Relaxed);
    let mut rest = &mut *room;
    let written = match names().nth(NAME.load(Relaxed)) {
        Some(Scenario::Small(small)) => {
            let name = small.name();
            writeln!(
                rest,
                "schedule {number} of {name}: {what}\nrun them again with: --small --scenario {name}"
            )
        }
        Some(scenario) => {
            let name = scenario.name();
            writeln!(
                rest,
                "seed {number} of scenario {name}: {what}\n\
                 replay it with: --replay {number} --scenario {name}"
            )
        }
        None => Ok(()),
    };
    // What had no room is left out.
    let _ = written;
    let left = rest.len();
    &room[..room.len() - left]
}

/// A panic of a guest is reported with its run, unless that is the end of us.
fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or_default();
    let last = ["cannot unwind", "destructor during cleanup"];
    if last.iter().any(|words| message.contains(words)) {
        complain(&format!("{message}\ntrap before: {:?}", trap::caught()));
        complain(&std::backtrace::Backtrace::capture().to_string());
        if let Some(before) = BEFORE.take() {
            complain(&format!("after: {before}"));
        }
    } else if !message.starts_with(fault::MESSAGE) {
        BEFORE.set(Some(info.to_string()));
    }
}

#[cfg(unix)]
mod signals {
    use super::last_words;
    use libc::{SA_ONSTACK, SA_RESETHAND, STDERR_FILENO, c_int};

    const DEADLY: [(c_int, &str); 5] = [
        (libc::SIGSEGV, "ended by SIGSEGV"),
        (libc::SIGBUS, "ended by SIGBUS"),
        (libc::SIGILL, "ended by SIGILL"),
        (libc::SIGFPE, "ended by SIGFPE"),
        (libc::SIGABRT, "aborted"),
    ];

    pub(super) fn handle() {
        for (signal, _) in DEADLY {
            // SAFETY: all zeros is a `sigaction` without flags and with an empty mask.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            action.sa_sigaction = died as *const () as usize;
            // On the stack that `std` has made for this, for ours may be full; and once,
            // so that the signal then does what it does without us.
            action.sa_flags = SA_ONSTACK | SA_RESETHAND;
            // SAFETY: the action is whole, and its handler does only what may be done in
            // one: it reads atomics, writes to its own stack, calls `write` and `raise`.
            unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        }
    }

    extern "C" fn died(signal: c_int) {
        let found = DEADLY.iter().find(|(deadly, _)| *deadly == signal);
        let mut room = [0; 300];
        let text = last_words(&mut room, &found.map_or("died", |(_, what)| what));
        // SAFETY: the text is as long as it says; `write` and `raise` are among what
        // POSIX allows in a handler of signals.
        unsafe {
            libc::write(STDERR_FILENO, text.as_ptr().cast(), text.len());
            libc::raise(signal);
        }
    }
}
