//! Failures that are planted, to see that they are noticed and what is said of them.
//!
//! The variable `WIT_ASYNC_PLANT` tells which one: `item`, of which the ledger is told
//! though nobody sent it; `abort`, `panic` (two at a time), `segfault`, `overflow` (of
//! the stack), `hang`, which happen in the first run.

use crate::sim::plant::plant;
use std::hint::black_box;

/// Plants what is wanted in all runs, if it is a failure of runs.
pub fn prepare() -> Result<(), String> {
    match wanted().as_deref() {
        None | Some("abort" | "panic" | "segfault" | "overflow" | "hang") => Ok(()),
        Some("item") => {
            plant(true);
            Ok(())
        }
        Some(other) => Err(format!(
            "WIT_ASYNC_PLANT={other}: there are item, abort, panic, segfault, overflow, hang"
        )),
    }
}

fn wanted() -> Option<String> {
    std::env::var("WIT_ASYNC_PLANT").ok()
}

/// Happens now, if it is what ends or stops the process.
pub fn happens() {
    struct PanicsToo;

    impl Drop for PanicsToo {
        fn drop(&mut self) {
            panic!("planted, in a destructor");
        }
    }

    match wanted().as_deref() {
        Some("abort") => std::process::abort(),
        Some("panic") => {
            let _too = PanicsToo;
            panic!("planted");
        }
        #[cfg(unix)]
        Some("segfault") => {
            // SAFETY: a page that may not be read is mapped, and read: no object of Rust
            // is there, and the processor does what is wanted.
            unsafe {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                let page = libc::mmap(std::ptr::null_mut(), 1, libc::PROT_NONE, flags, -1, 0);
                page.cast::<u8>().read_volatile();
            }
        }
        Some("overflow") => {
            black_box(deep(0));
        }
        Some("hang") => loop {
            std::thread::park();
        },
        _ => {}
    }
}

/// Needs more of the stack than there is.
#[allow(unconditional_recursion, reason = "it is to overflow the stack")]
fn deep(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    black_box(deep(depth + 1)) + room[0]
}
