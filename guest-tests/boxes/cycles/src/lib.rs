//! Boxes that come and go again and again.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/boxes",
        world: "cycles",
        generate_all,
    });
}

use bindings::exports::test::boxes::scenarios_cycles::Guest;
use bindings::test::boxes::{boxes, keeper};
use bindings::wit_stream;
use guest_support::check::leaves_nothing;
use guest_support::{ledger, log};

guest_support::guest!();
bindings::export!(Cycles with_types_in bindings);

struct Cycles;

/// What the harness calls a value in a box.
const VALUE: &str = "value in a box";

/// So many boxes fit into the collector's heap before it is full for the first time.
const ROOM: u64 = 1 << 11;

impl Guest for Cycles {
    async fn made_passed_dropped() {
        stays_flat(async || {
            let it = boxes::number(1);
            assert_eq!(boxes::add(&it, 1), Ok(2));
            assert_eq!(keeper::look(&it), Ok(2));
            boxes::keep(it);
            let it = boxes::give_back().expect("the host keeps it");
            keeper::put(it);
            let it = keeper::take().expect("the keeper has it");
            assert_eq!(boxes::read_number(&it), Ok(2));
        })
        .await;
    }

    async fn streamed() {
        stays_flat(async || {
            let mut from = boxes::send(vec![1, 2, 3, 4]).await;
            let mut all = Vec::new();
            while let Some(it) = from.next().await {
                all.push(it);
            }
            let (mut writer, to) = wit_stream::new();
            let write = writer.write_all(all);
            let (received, unsent) = futures::future::join(boxes::receive(to, 4), write).await;
            assert_eq!(received, [1, 2, 3, 4]);
            assert!(unsent.is_empty());
        })
        .await;
    }
}

/// Does `round` very often, and demands that neither the guest, nor the store, nor the host
/// has more afterwards than after the first few thousand times.
async fn stays_flat(mut round: impl AsyncFnMut()) {
    /// What the process of the host may need for other things meanwhile.
    const SLACK: u64 = 4 << 20;
    /// So often that a byte that is lost each time shows beyond that.
    const OFTEN: u64 = 2 * SLACK;
    /// Until the collector's heap and the buffers of the host and the guests have their size.
    const FIRST: u64 = 3 * ROOM;
    let (mut rounds, mut most) = (0, 0);
    let mut first = None;
    leaves_nothing(async || {
        round().await;
        rounds += 1;
        most = most.max(ledger::alive(VALUE));
        if rounds == FIRST {
            boxes::collect();
            first = Some((boxes::measure(), ledger::made(VALUE)));
        }
    })
    .await;
    let (before, made) = first.expect("there are more rounds than that");
    let made = ledger::made(VALUE) - made;
    assert!(made > rounds / 2, "{made} boxes in {rounds} rounds");
    assert!(most > 1 && most <= ROOM, "{most} values at once");
    boxes::collect();
    assert_eq!(ledger::alive(VALUE), 0);
    let after = boxes::measure();
    log(&format!("{made} boxes, before {before:?}, after {after:?}"));
    assert_eq!(
        (before.entries, before.memory),
        (after.entries, after.memory),
        "entries of the host's table, bytes of the memories and the collector's heap"
    );
    // Other scenarios run beside this one in the same process, unless it was asked for alone.
    if let (Some(before), Some(after), true) = (before.resident, after.resident, made >= OFTEN) {
        assert!(after < before + SLACK, "from {before} to {after} bytes");
    }
}
