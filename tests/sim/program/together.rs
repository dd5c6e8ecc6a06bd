//! Scopes and sets of spawned futures.

use super::survive::Contained;
use super::{DEPTH, Program};
use crate::host::fault;
use crate::sim::hopes::Hope;
use futures::FutureExt;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::mem::forget;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use wit_async::{JoinSet, Scope, scope, yield_async};

/// Counts those that exist.
struct Counted<'a>(&'a Cell<u32>);

impl<'a> Counted<'a> {
    fn new(count: &'a Cell<u32>) -> Counted<'a> {
        count.set(count.get() + 1);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// What the children of a scope have in common, all of which they borrow.
#[derive(Default)]
struct Family {
    alive: Cell<u32>,
    /// How many came to their end,
    ended: Cell<u32>,
    /// how many went before,
    cut_short: Cell<u32>,
    /// and how many were told to.
    aborted: Cell<u32>,
}

impl Family {
    fn increment(count: &Cell<u32>) {
        count.set(count.get() + 1);
    }

    /// Whether nothing was dropped that was not aborted; `what` goes now.
    #[track_caller]
    fn is_spared(&self, what: &str) {
        let [cut_short, aborted] = [self.cut_short.get(), self.aborted.get()];
        assert!(
            cut_short <= aborted,
            "{cut_short} futures were dropped before {what}, and {aborted} were to be"
        );
    }

    /// One more, until what is returned goes.
    fn child(&self) -> Child<'_> {
        Child {
            family: self,
            _alive: Counted::new(&self.alive),
            has_ended: false,
        }
    }
}

struct Child<'a> {
    family: &'a Family,
    _alive: Counted<'a>,
    has_ended: bool,
}

impl Child<'_> {
    /// It has come to its end. How many have.
    fn ends(mut self) -> u32 {
        self.has_ended = true;
        Family::increment(&self.family.ended);
        self.family.ended.get()
    }
}

impl Drop for Child<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            Family::increment(&self.family.cut_short);
        }
    }
}

/// The body of a scope goes before what was spawned in it.
struct GoesFirst<'a>(&'a Family);

impl Drop for GoesFirst<'_> {
    fn drop(&mut self) {
        if !fault::has_fired() && !std::thread::panicking() {
            self.0.is_spared("its body");
        }
    }
}

impl Program {
    /// Programs for futures beside this one, with some of its ends.
    fn sides(&mut self) -> Vec<Program> {
        let count = 1 + self.world.pick(3);
        let sides = (0..count).map(|_| {
            let mut side = self.beside(self.depth + 1);
            side.ends.extend(self.any_end());
            side
        });
        sides.collect()
    }

    /// Runs programs in a scope: all of them to their end, or until the scope is dropped
    /// wherever they are.
    pub(super) async fn scopes(&mut self) {
        if self.depth >= DEPTH {
            return yield_async().await;
        }
        let world = Rc::clone(&self.world);
        let mut sides = self.sides();
        let family = Family::default();
        // At most so many turns, or as many as it takes.
        let mut turns = match world.pick(4) {
            0 | 1 => u32::MAX,
            turns => turns,
        };
        let mut scoped = Box::pin(scope(async |s| {
            self.children(s, &mut sides, &family).await;
        }));
        let finished = poll_fn(|cx| match scoped.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => {
                turns -= 1;
                match turns {
                    0 => Poll::Ready(false),
                    _ => Poll::Pending,
                }
            }
        })
        .await;
        if !finished && world.forgets() && world.pick(2) == 1 {
            world.leaks.leak();
            forget(scoped);
        } else {
            drop(scoped);
            assert_eq!(family.alive.get(), 0, "a future outlives its scope");
        }
        if finished && !fault::has_fired() {
            family.is_spared("a scope");
        }
        for side in &mut sides {
            self.ends.append(&mut side.ends);
        }
    }

    /// The body of a scope.
    async fn children<'scope>(
        &'scope self,
        s: &'scope Scope<'scope, '_>,
        sides: &'scope mut [Program],
        family: &'scope Family,
    ) {
        let world = &self.world;
        let _goes_first = GoesFirst(family);
        let mut handles = Vec::new();
        for side in sides {
            let ended = Rc::new(Hope::default());
            let end = Rc::clone(&ended);
            let spawns = world.pick(3) == 1;
            let aborted = Rc::new(Hope::default());
            let instance = self.instance;
            let abort = Rc::clone(&aborted);
            let child = async move {
                let _gone = world.aborted.wait(abort, instance);
                let this = family.child();
                side.sleeps().await;
                if side.world.forgets() {
                    // What waits for other tasks may not be leaked: they would tell it.
                    Box::pin(side.operates()).await;
                } else {
                    side.run().await;
                }
                if spawns {
                    s.spawn(async move {
                        let this = family.child();
                        yield_async().await;
                        this.ends();
                    });
                }
                let ended = this.ends();
                end.fulfil();
                ended
            };
            let handle = s.spawn(Contained::new(Rc::clone(world), child));
            handles.push((handle, ended, aborted));
        }
        for (handle, ended, aborted) in handles {
            match world.pick(5) {
                0 => drop(handle),
                1 => {
                    Family::increment(&family.aborted);
                    handle.abort();
                    aborted.fulfil();
                }
                2 => {
                    Family::increment(&family.aborted);
                    drop(handle.abort_on_drop());
                    aborted.fulfil();
                }
                _ => {
                    let waiting =
                        (!world.forgets()).then(|| world.hopes.wait(ended, self.instance));
                    let output = handle.await;
                    drop(waiting);
                    assert!(output.is_some_and(|ended| ended > 0), "it was not aborted");
                }
            }
        }
    }

    /// Runs programs in a set, and joins them in the order in which they end: all of them,
    /// or until the set is dropped.
    pub(super) async fn joins_set(&mut self) {
        if self.depth >= DEPTH {
            return yield_async().await;
        }
        let world = Rc::clone(&self.world);
        let ends = Rc::new(Ends::default());
        let gone = Rc::new(Cell::new(false));
        let mut set = JoinSet::new();
        let mut left = 0;
        for (number, mut side) in self.sides().into_iter().enumerate() {
            let (ends, gone) = (Rc::clone(&ends), Rc::clone(&gone));
            let child = async move {
                side.run().await;
                ends.end(number);
                (number, side)
            };
            let mut child = Box::pin(Contained::new(Rc::clone(&world), child));
            set.spawn(poll_fn(move |cx| {
                assert!(!gone.get(), "a future goes on after its set");
                child.as_mut().poll(cx)
            }));
            left += 1;
        }
        loop {
            assert_eq!(set.len(), left);
            match world.pick(6) {
                0 => break,
                1 => {
                    set.abort_all();
                    left = ends.order.borrow().len();
                }
                2 => {
                    // Once, and it is dropped.
                    let ended = match world.pick(2) {
                        0 => set.join_next().now_or_never().flatten(),
                        _ => set.try_join_next(),
                    };
                    left -= usize::from(ended.is_some());
                    self.joined(&ends, ended);
                }
                _ => {
                    let hope = ends.hope();
                    let waiting = world.hopes.wait(hope, self.instance);
                    let ended = {
                        let mut next = pin!(set.join_next());
                        poll_fn(|cx| match next.as_mut().poll(cx) {
                            Poll::Pending if world.is_closing() => Poll::Ready(None),
                            poll => poll.map(Some),
                        })
                        .await
                    };
                    drop(waiting);
                    // Otherwise the world closes.
                    let Some(ended) = ended else { break };
                    left -= usize::from(ended.is_some());
                    let was_last = ended.is_none();
                    self.joined(&ends, ended);
                    if was_last {
                        assert!(set.is_empty());
                        break;
                    }
                }
            }
        }
        drop(set);
        gone.set(true);
    }

    fn joined(&mut self, ends: &Ends, ended: Option<(usize, Program)>) {
        let next = ends.order.borrow_mut().pop_front();
        assert_eq!(ended.as_ref().map(|ended| ended.0), next, "in order");
        if let Some((_, mut side)) = ended {
            self.ends.append(&mut side.ends);
        }
    }
}

/// In which order the futures of a set ended.
#[derive(Default)]
struct Ends {
    order: RefCell<VecDeque<usize>>,
    hope: RefCell<Rc<Hope>>,
}

impl Ends {
    /// What comes when the next one ends.
    fn hope(&self) -> Rc<Hope> {
        let hope = Rc::default();
        self.hope.replace(Rc::clone(&hope));
        hope
    }

    fn end(&self, number: usize) {
        self.order.borrow_mut().push_back(number);
        self.hope.borrow().fulfil();
    }
}
