//! Futures that end themselves and each other while they are polled, or when they are dropped.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use guest_support::check::{DropGuard, Drops, in_flight, turns};
use wit_async::{AbortOnDrop, JoinHandle, JoinSet, Limiter, block_on, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::words;

pub async fn futures_that_end_each_other() {
    sets_end_in_themselves().await;
    handles_end_in_themselves().await;
    boxes_end_each_other().await;
    drops_spawn().await;
    permits_wander().await;
    inside_block_on().await;
    the_last_ones().await;
}

/// A future drops the set that it is in, with reads of the others in flight.
async fn sets_end_in_themselves() {
    let drops = Drops::new();
    let set = Rc::new(RefCell::new(Some(JoinSet::new())));
    let (mut writer, mut reader) = wit_stream::new::<String>();
    let reader_there = Rc::new(RefCell::new(None));
    for n in 0..5 {
        let (guard, set_inside, there) = (drops.guard(), set.clone(), reader_there.clone());
        let peer = relay::words(10).await;
        set.borrow_mut().as_mut().expect("there").spawn(async move {
            let _guard = guard;
            let _peer = peer;
            if n == 3 {
                turns(3).await;
                drop(set_inside.take());
                // As far as the next time that it would be polled.
                there.replace(Some(n));
                pending::<()>().await;
                unreachable!("it was in the set");
            }
            pending::<()>().await;
        });
    }
    turns(10).await;
    assert_eq!(*reader_there.borrow(), Some(3));
    assert_eq!(drops.count(), 5);
    let received = spawn_local(async move { reader.next().await });
    assert_eq!(writer.write_one("on".to_owned()).await, None);
    assert_eq!(received.await, Some(Some("on".to_owned())));
}

async fn handles_end_in_themselves() {
    let drops = Drops::new();
    let slot: Rc<RefCell<Option<AbortOnDrop<JoinHandle<()>>>>> = Rc::default();
    let (inside, guard) = (slot.clone(), drops.guard());
    let reader = relay::words(3).await;
    let first = Rc::new(RefCell::new(Vec::new()));
    let seen = first.clone();
    let handle = spawn_local(async move {
        let _guard = guard;
        let mut reader = reader;
        seen.borrow_mut().extend(reader.next().await);
        drop(inside.take());
        seen.borrow_mut().extend(reader.next().await);
        turns(3).await;
        seen.borrow_mut().extend(reader.next().await);
        unreachable!("it ended itself");
    });
    slot.replace(Some(handle.abort_on_drop()));
    turns(12).await;
    assert_eq!(drops.count(), 1);
    assert!(words(0, 3).starts_with(&first.borrow()));

    // It has its own handle in its locals, and goes with it.
    let (sender, receiver) = futures::channel::oneshot::channel::<AbortOnDrop<JoinHandle<()>>>();
    let guard = drops.guard();
    let handle = spawn_local(async move {
        let _guard = guard;
        let own = receiver.await;
        turns(1).await;
        drop(own);
        pending().await
    });
    assert!(sender.send(handle.abort_on_drop()).is_ok());
    turns(8).await;
    assert_eq!(drops.count(), 2);
}

type Slot = Rc<RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>>;

/// Two futures with operations in flight, each of which drops the other one when it is polled.
async fn boxes_end_each_other() {
    for round in 0..6 {
        let drops = Drops::new();
        let slots: [Slot; 2] = [Slot::default(), Slot::default()];
        let (mut writer, reader) = wit_stream::new::<String>();
        let (value, value_reader) = wit_future::new(|| "default".to_owned());
        let reader = Rc::new(RefCell::new(Some(reader)));
        for own in 0..2 {
            let (other, guard, reader) = (slots[1 - own].clone(), drops.guard(), reader.clone());
            let peer = relay::words(5).await;
            let mut ends = (Some(peer), None);
            if own == 0 {
                ends.1 = Some(relay::value("late".to_owned(), true).await);
            }
            slots[own].replace(Some(Box::pin(async move {
                let _guard = guard;
                let (Some(mut peer), value) = ends else {
                    return;
                };
                if own == 0 {
                    let _value = value;
                    peer.next().await;
                    turns(round).await;
                    drop(other.take());
                } else {
                    peer.next().await;
                    turns(2).await;
                    drop(reader.take());
                    drop(other.take());
                }
                pending::<()>().await;
            })));
        }
        {
            let slots = slots.clone();
            let mut value = Some(value);
            poll_fn(move |context| {
                for slot in &slots {
                    let taken = slot.borrow_mut().take();
                    if let Some(mut future) = taken {
                        assert!(future.as_mut().poll(context).is_pending());
                        slot.borrow_mut().get_or_insert(future);
                    }
                }
                let left = slots.iter().filter(|slot| slot.borrow().is_some()).count();
                if left == 2 {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                drop(value.take());
                Poll::Ready(())
            })
            .await;
        }
        slots.iter().for_each(|slot| drop(slot.take()));
        assert_eq!(drops.count(), 2);
        assert_eq!(value_reader.await, "default");
        drop(reader);
        assert_eq!(
            writer.write_one("left".to_owned()).await.as_deref(),
            Some("left")
        );
    }
}

/// What spawns another one when it is dropped, so many times.
struct Chain {
    left: u32,
    set: Rc<RefCell<JoinSet<u32>>>,
    count: Rc<Cell<u32>>,
    _guard: DropGuard,
    drops: Drops,
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.count.set(self.count.get() + 1);
        if self.left == 0 {
            return;
        }
        let next = Chain {
            left: self.left - 1,
            set: self.set.clone(),
            count: self.count.clone(),
            _guard: self.drops.guard(),
            drops: self.drops.clone(),
        };
        if self.left.is_multiple_of(2) {
            let left = self.left;
            self.set.borrow_mut().spawn(async move {
                drop(next);
                left
            });
        } else {
            let mut handle = spawn_local(async move {
                let _next = next;
                pending::<()>().await;
            });
            handle.cancel();
        }
    }
}

async fn drops_spawn() {
    const LINKS: u32 = 40;
    let (drops, count) = (Drops::new(), Rc::new(Cell::new(0)));
    let set = Rc::new(RefCell::new(JoinSet::new()));
    drop(Chain {
        left: LINKS,
        set: set.clone(),
        count: count.clone(),
        _guard: drops.guard(),
        drops: drops.clone(),
    });
    turns(2 * LINKS as usize).await;
    assert_eq!((count.get(), drops.count()), (LINKS + 1, LINKS + 1));
    let mut outputs = Vec::new();
    while let Some(output) = set.borrow_mut().try_join_next() {
        outputs.push(output);
    }
    assert_eq!(
        outputs,
        (1..=LINKS / 2).rev().map(|n| 2 * n).collect::<Vec<_>>()
    );
    assert!(set.borrow().is_empty());
}

/// Permits go from one that ends to one that ends.
async fn permits_wander() {
    thread_local!(static TWO: Limiter = const { Limiter::new(2) });
    static LIMIT: Limiter = Limiter::new(2);
    let held = Rc::new(RefCell::new(vec![LIMIT.admit().await, LIMIT.admit().await]));
    let got = Rc::new(RefCell::new(Vec::new()));
    let mut handles = Vec::new();
    for n in 0..12 {
        let (got, held) = (got.clone(), held.clone());
        handles.push(spawn_local(async move {
            let permit = LIMIT.admit().await;
            got.borrow_mut().push(n);
            match n % 3 {
                0 => turns(2).await,
                1 => held.borrow_mut().push(permit),
                _ => {}
            }
        }));
    }
    turns(2).await;
    assert_eq!(*got.borrow(), []);
    handles[0].cancel();
    held.borrow_mut().pop();
    handles[3].cancel();
    for _ in 0..30 {
        turns(1).await;
        held.borrow_mut().pop();
    }
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(handle.await.is_none(), n == 0 || n == 3);
    }
    let got = got.take();
    assert!(got.is_sorted(), "who asked first: {got:?}");
    held.take();
    assert!(LIMIT.try_admit().is_some());
    TWO.with(|two| assert!(two.try_admit().is_some()));
}

/// In a `block_on` in a `block_on` in a future that was spawned.
async fn inside_block_on() {
    let reader = relay::words(20).await;
    let reader = Rc::new(RefCell::new(reader));
    let (outer_writer, mut outer) = wit_stream::new::<String>();
    let mut outer_read = Box::pin(outer.next());
    in_flight(&mut outer_read).await;
    let inside = reader.clone();
    let all = spawn_local(async move {
        let mut all = Vec::new();
        for round in 0..5 {
            let part = block_on(async {
                let reader = inside.clone();
                {
                    let mut reader = reader.borrow_mut();
                    let mut read = Box::pin(reader.next());
                    if let Poll::Ready(word) = guest_support::check::poll_once(&mut read).await {
                        return word;
                    }
                }
                let job = spawn_local(async move {
                    block_on(async move {
                        turns(round).await;
                        reader.borrow_mut().next().await
                    })
                });
                job.await.expect("nobody cancelled it")
            });
            all.extend(part);
        }
        all
    });
    let mut all = all.await.expect("nobody cancelled it");
    let mut write = Box::pin(async move { { outer_writer }.write_one("outer".to_owned()).await });
    // The operation of the task is finished in a `block_on`.
    let (written, read) = block_on(futures::future::join(&mut write, &mut outer_read));
    assert_eq!((written, read.as_deref()), (None, Some("outer")));
    drop(outer_read);
    let rest = Rc::into_inner(reader)
        .expect("nobody else has it")
        .into_inner();
    all.extend(rest.collect().await);
    assert_eq!(all, words(0, 20));
}

/// After the return: a chain of futures, the last of which checks what the peer got.
async fn the_last_ones() {
    struct Link(u32, Option<wit_async::StreamWriter<String>>);
    impl Drop for Link {
        fn drop(&mut self) {
            let (n, Some(mut writer)) = (self.0, self.1.take()) else {
                return;
            };
            if n == 10 {
                return;
            }
            spawn_local(async move {
                assert_eq!(writer.write_one(n.to_string()).await, None);
                drop(Link(n + 1, Some(writer)));
            });
        }
    }
    let (writer, reader) = wit_stream::new();
    spawn_local(async move {
        assert_eq!(relay::collect_words(reader).await, words(0, 10));
    });
    drop(Link(0, Some(writer)));
}
