//! Futures of one task beside each other: each gets its turn.

use super::*;

#[test]
fn what_was_spawned_is_polled_again_after_it_was_withheld() {
    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            for mut reader in readers {
                let count = count.clone();
                drop(spawn_local(async move {
                    assert_eq!(reader.next().await, Some(0));
                    count.add();
                }));
            }
        }
    });
    assert_eq!(turns(&task, &count), [128, 128, 44]);
    assert!(task.has_exited());
}

#[test]
fn a_scope_is_polled_again_after_its_futures_were_withheld() {
    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            scope(async |s| {
                for mut reader in readers {
                    let count = &count;
                    s.spawn(async move {
                        assert_eq!(reader.next().await, Some(0));
                        count.add();
                    });
                }
            })
            .await;
        }
    });
    assert_eq!(turns(&task, &count), [128, 128, 44]);
    assert!(task.has_exited());
}

#[test]
fn a_set_is_joined_turn_by_turn() {
    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            let mut set = JoinSet::new();
            for mut reader in readers {
                set.spawn(async move { reader.next().await });
            }
            while set.join_next().await.is_some() {
                count.add();
            }
        }
    });
    assert_eq!(turns(&task, &count).iter().sum::<u32>(), 300);
    assert!(task.has_exited());
}

#[test]
fn a_set_of_another_crate_is_polled_again_after_its_futures_were_withheld() {
    use futures::stream::{FuturesUnordered, StreamExt};

    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            let reads = readers
                .into_iter()
                .map(|mut reader| async move { reader.next().await });
            let mut set: FuturesUnordered<_> = reads.collect();
            while set.next().await.is_some() {
                count.add();
            }
        }
    });
    assert_eq!(turns(&task, &count), [128, 128, 44]);
    assert!(task.has_exited());
}

#[test]
fn the_one_that_is_polled_first_does_not_starve_the_other() {
    let host = host::install();
    let (busy, _peer) = ready_items(&host, 1000);
    let (few, peer) = ready_items(&host, 3);
    let (first, second) = (Count::default(), Count::default());
    let task = host.start({
        let (first, second) = (first.clone(), second.clone());
        async move {
            join(reads(busy, first), reads_all(few, second)).await;
        }
    });
    assert_eq!((first.take(), second.take()), (128, 0));
    // Both were withheld, and both have a place in line.
    for _ in 0..3 {
        assert!(task.step());
        assert_eq!((first.take(), second.take()), (127, 1));
    }
    drop(peer);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn a_busy_root_does_not_starve_what_it_spawned() {
    let host = host::install();
    let (busy, _peer) = ready_items(&host, 1000);
    let (also_busy, _other) = ready_items(&host, 1000);
    let (root, spawned) = (Count::default(), Count::default());
    let task = host.start({
        let (root, spawned) = (root.clone(), spawned.clone());
        async move {
            let _job = spawn_local(reads(also_busy, spawned)).abort_on_drop();
            reads(busy, root).await;
        }
    });
    for _ in 0..3 {
        assert!(task.step());
    }
    assert_eq!(root.get() + spawned.get(), 4 * PER_TURN);
    assert!(spawned.get() >= 3);
    task.cancel();
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn of_more_than_a_turn_can_admit_each_gets_its_turn() {
    let host = host::install();
    let mut peers = Vec::new();
    let counts: Vec<_> = (0..300).map(|_| Count::default()).collect();
    let mut busy: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for count in &counts {
        let (reader, peer) = ready_items(&host, 1000);
        busy.push(Box::pin(reads(reader, count.clone())));
        peers.push(peer);
    }
    // Always in the same order.
    let task = host.start(poll_fn(move |cx| {
        for future in &mut busy {
            assert!(future.as_mut().poll(cx).is_pending());
        }
        Poll::Pending
    }));
    let done = |count: &Count| count.get();
    assert_eq!(counts.iter().map(done).sum::<u32>(), PER_TURN);
    for _ in 0..6 {
        assert!(task.step());
    }
    assert_eq!(counts.iter().map(done).sum::<u32>(), 7 * PER_TURN);
    let served: Vec<_> = counts[1..].iter().map(done).collect();
    assert!(
        served.iter().all(|count| (2..=3).contains(count)),
        "{served:?}"
    );
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn an_event_is_taken_while_others_are_busy() {
    let host = host::install();
    let (busy, _peer) = ready_items(&host, 1000);
    let (waits, mut sender) = host.incoming_future::<u32>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            join(reads(busy, Count::default()), async {
                log.note(waits.await);
            })
            .await;
        }
    });
    // It starts in the second turn: in the first one nothing was left for it.
    assert!(task.step());
    sender.send(4);
    assert_eq!(log.take(), [0; 0]);
    assert!(task.step());
    assert_eq!(log.take(), [4]);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn nothing_is_kept_for_what_was_withheld_and_dropped() {
    let host = host::install();
    let (reader, _peer) = ready_items(&host, 1000);
    let (mut other, _other) = ready_items(&host, 1);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        let mut busy = Box::pin(reads(reader, count));
        async move {
            assert!(poll_once(&mut busy).await.is_pending());
            for _ in 0..1000 {
                let next = pin!(other.next());
                assert!(poll_once(&mut { next }).await.is_pending());
            }
            busy.await;
        }
    });
    assert_eq!(count.take(), PER_TURN);
    for _ in 0..3 {
        assert!(task.step());
        assert_eq!(count.take(), PER_TURN);
    }
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn of_many_events_no_more_than_half_a_turn_goes_before_what_is_ready() {
    let host = host::install();
    let (reader, peer_of_many) = ready_items(&host, 4 * PER_TURN);
    let (ready, events) = (Count::default(), Count::default());
    let mut peers = Vec::new();
    let task = host.start({
        let (ready, events) = (ready.clone(), events.clone());
        for _ in 0..100 {
            let (reader, peer) = host.incoming_stream::<u32>();
            peers.push((peer, Some(reader)));
        }
        let readers: Vec<_> = peers
            .iter_mut()
            .filter_map(|(_, reader)| reader.take())
            .collect();
        async move {
            for mut reader in readers {
                let events = events.clone();
                spawn_local(async move {
                    reader.next().await;
                    events.add();
                });
            }
            // They begin before what is always ready does.
            yield_async().await;
            reads_all(reader, ready).await;
        }
    });
    while ready.get() == 0 {
        assert!(task.step());
    }
    assert_eq!(task.code(), Code::Yield);
    ready.take();
    for (peer, _) in &mut peers {
        peer.write([1]);
    }
    assert!(task.step());
    assert_eq!((events.take(), ready.take()), (PER_TURN / 2, PER_TURN / 2));
    assert!(task.step());
    assert_eq!((events.take(), ready.take()), (36, PER_TURN - 36));
    drop(peer_of_many);
    assert_eq!(task.settle(), Code::Exit);
}
