//! Borrows as numbers: exports that no generator wrote, which do with their handles what safe
//! code cannot.

// Only what it says about the types of the component: the exports are below.
mod bindings {
    wit_async::generate!({
        path: "../../../wit/owners",
        world: "raw-guest",
        generate_all,
    });
}

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

guest_support::guest!();

/// What a task returns to the host that is done.
const EXIT: u32 = 0;

/// What a task returns to the host that wants another turn.
const YIELD: u32 = 1;

/// The handle that was kept, or 0.
static KEPT: AtomicU32 = AtomicU32::new(0);

#[link(wasm_import_module = "test:owners/leaf@0.1.0")]
unsafe extern "C" {
    #[link_name = "[resource-drop]coin"]
    fn coin_drop(coin: u32);
    #[link_name = "[method]coin.value"]
    fn coin_value(coin: u32) -> f64;
    #[link_name = "[constructor]purse"]
    fn purse_new(coins: *const u32, count: usize) -> u32;
    #[link_name = "[method]purse.put"]
    fn purse_put(purse: u32, coin: u32);
}

/// Drops a handle of a coin.
fn drop_coin(coin: u32) {
    // SAFETY: The built-in checks the handle; a wrong one is a trap.
    unsafe { coin_drop(coin) }
}

/// Exports an async function that takes borrows: what it does at first, and what whenever it
/// has its turn.
macro_rules! export {
    ($name:literal, $module:ident($($coin:ident),*) $first:block, $next:expr) => {
        mod $module {
            use super::*;

            #[link(wasm_import_module = "[export]test:owners/raw@0.1.0")]
            unsafe extern "C" {
                #[link_name = concat!("[task-return]", $name)]
                fn task_return();
            }

            /// Returns if it is time.
            fn next() -> u32 {
                if !$next {
                    return YIELD;
                }
                // SAFETY: The function has no result, and this is called once: the task ends.
                unsafe { task_return() };
                EXIT
            }

            #[unsafe(export_name = concat!("[async-lift]test:owners/raw@0.1.0#", $name))]
            extern "C" fn begin($($coin: u32),*) -> u32 {
                $first
                next()
            }

            #[unsafe(export_name = concat!("[callback][async-lift]test:owners/raw@0.1.0#", $name))]
            extern "C" fn callback(_: u32, _: u32, _: u32) -> u32 {
                next()
            }
        }
    };
}

export!("keep", keep(coin) { KEPT.store(coin, Relaxed) }, KEPT.load(Relaxed) == 0);
export!("drop-kept", drop_kept() { drop_coin(KEPT.swap(0, Relaxed)) }, true);
export!("forget", forget(_coin) {}, true);
export!("drop-twice", drop_twice(coin) {
    drop_coin(coin);
    drop_coin(coin);
}, true);
export!("take-two", take_two(first, second) {
    assert_ne!(first, second, "each loan has a handle");
    drop_coin(first);
    drop_coin(second);
}, true);
export!("use-dropped", use_dropped(coin) {
    drop_coin(coin);
    // SAFETY: The host checks the handle; a wrong one is a trap.
    unsafe { coin_value(coin) };
}, true);
export!("give-away", give_away(coin) {
    // SAFETY: The host checks the handles; a wrong one is a trap. A list without items has no
    // memory.
    unsafe { purse_put(purse_new(std::ptr::dangling(), 0), coin) }
}, true);
