//! Scenarios that must fail, each for its own reason.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/misbehaving",
        world: "ill",
        generate_all,
    });
}

use std::hint::black_box;
use std::time::Duration;

use bindings::exports::test::misbehaving::scenarios::Guest;
use guest_support::ledger::Booked;

guest_support::guest!();
bindings::export!(Ill with_types_in bindings);

struct Ill;

impl bindings::exports::test::misbehaving::payloads::Guest for Ill {
    async fn swallow(bytes: wit_async::StreamReader<u8>) {
        drop(bytes);
    }
}

impl Guest for Ill {
    async fn behaves() {
        wit_async::yield_async().await;
    }

    async fn panics() {
        guest_support::log("about to panic");
        let left = black_box(1);
        assert_eq!(left, 2, "one is not two");
    }

    fn panics_synchronously() {
        panic!("without waiting");
    }

    async fn traps() {
        trap();
    }

    async fn loops() {
        spin();
    }

    async fn yields_for_ever() {
        loop {
            wit_async::yield_async().await;
        }
    }

    async fn exhausts_memory() {
        let mut kept = Vec::new();
        loop {
            kept.push(black_box(Vec::<u8>::with_capacity(1 << 24)));
        }
    }

    async fn deadlocks() {
        core::future::pending::<()>().await;
    }

    async fn deadlocks_on_itself() {
        let (writer, mut reader) = bindings::wit_stream::new::<u8>();
        reader.next().await;
        drop(writer);
    }

    async fn sleeps() {
        std::thread::sleep(Duration::from_secs(3600));
    }

    async fn goes_on_behind() {
        wit_async::spawn_local(core::future::pending::<()>());
    }

    async fn leaks_an_end() {
        let (writer, reader) = bindings::wit_stream::new::<u8>();
        core::mem::forget(reader);
        drop(writer);
    }

    async fn prints() {
        println!("on standard output");
    }

    async fn announces_a_trap_in_vain() {
        guest_support::expect_trap("something dreadful");
    }

    async fn announces_another_trap() {
        guest_support::expect_trap("something dreadful");
        panic!("something harmless");
    }

    async fn announces_a_name() {
        guest_support::expect_trap("announces_a_name");
        trap();
    }

    async fn announces_a_trap_and_loops() {
        guest_support::expect_trap("wasm trap");
        spin();
    }

    async fn destroys_twice() {
        let coin = Booked::new("coin");
        // SAFETY: It holds no memory, only the number that it has in the books: nothing is freed
        // twice. That it is closed twice is what the harness has to tell.
        drop(unsafe { core::ptr::read(&coin) });
        drop(coin);
    }

    async fn never_destroys() {
        drop(Booked::new("coin"));
        core::mem::forget(Booked::new("coin"));
        core::mem::forget(Booked::new("purse"));
    }

    async fn destroys_what_never_was() {
        guest_support::bindings::test::harness::ledger::closed(77);
    }

    async fn announces_a_task_in_vain() {
        guest_support::leaves_a_task();
    }

    async fn announces_a_task_that_yields() {
        guest_support::leaves_a_task();
        wit_async::spawn_local(async {
            loop {
                wit_async::yield_async().await;
            }
        });
    }
}

/// Not inlined, so that the trap has a line of its own.
#[inline(never)]
fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}
