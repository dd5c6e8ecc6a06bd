//! Futures that were spawned together, joined as they finish.

use super::lock::Lock;
use super::spawn::spawn;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// Futures that were spawned beside the current one, and that are joined in the order in
/// which they finish.
///
/// Each runs in the task that spawned it, whether or not somebody waits for it. When the
/// set is dropped those that have not finished are dropped too, the next time that
/// their tasks run. A future that is dropped before it has finished, because its task
/// ended, is in the set no more.
///
/// For futures that borrow see [`scope`](crate::scope()).
///
/// # Cancel safety
///
/// Dropping the set ends its futures. See [`join_next`](JoinSet::join_next).
///
/// # Examples
///
/// ```
/// async fn fetch(name: String) -> usize {
///     name.len()
/// }
///
/// async fn total(names: Vec<String>) -> usize {
///     let mut fetched = wit_async::JoinSet::new();
///     for name in names {
///         fetched.spawn(fetch(name));
///     }
///     let mut total = 0;
///     while let Some(length) = fetched.join_next().await {
///         total += length;
///     }
///     total
/// }
/// ```
pub struct JoinSet<T> {
    shared: Arc<Shared<T>>,
}

/// What the set and its futures share.
struct Shared<T> {
    state: Lock<State<T>>,
}

struct State<T> {
    /// Outputs that nobody has taken, oldest first.
    finished: VecDeque<T>,
    /// How many futures are to finish.
    running: usize,
    /// Whoever waits for one to finish.
    joiner: Option<Waker>,
    members: Vec<Option<Member>>,
    /// Indices of those that are gone.
    vacant: Vec<usize>,
}

/// A future that has neither finished nor been dropped.
#[derive(Default)]
struct Member {
    waker: Option<Waker>,
    aborted: bool,
}

impl<T> JoinSet<T> {
    /// A set without futures.
    ///
    /// # Examples
    ///
    /// See [`JoinSet`].
    pub fn new() -> JoinSet<T> {
        JoinSet {
            shared: Arc::new(Shared {
                state: Lock::new(State {
                    finished: VecDeque::new(),
                    running: 0,
                    joiner: None,
                    members: Vec::new(),
                    vacant: Vec::new(),
                }),
            }),
        }
    }

    /// How many outputs are still to come, or to be taken.
    ///
    /// # Examples
    ///
    /// See [`abort_all`](JoinSet::abort_all).
    pub fn len(&self) -> usize {
        let state = &self.shared.state;
        state.with(|state| state.running + state.finished.len())
    }

    /// Whether no output is to come, nor to be taken.
    ///
    /// # Examples
    ///
    /// See [`abort_all`](JoinSet::abort_all).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs `future` beside the one that calls this, in the same task, as
    /// [`spawn_local`](crate::spawn_local) does.
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](crate::spawn_local): without a task, or in one of bindings that
    /// cannot spawn.
    ///
    /// # Examples
    ///
    /// See [`JoinSet`].
    #[track_caller]
    pub fn spawn(&mut self, future: impl Future<Output = T> + 'static)
    where
        T: 'static,
    {
        // It leaves the set again if it cannot be spawned.
        let membership = Membership {
            index: self.shared.join(),
            shared: Arc::clone(&self.shared),
        };
        spawn(
            "JoinSet::spawn",
            Box::new(async move {
                let membership = membership;
                let mut future = pin!(future);
                let output = poll_fn(|cx| membership.or(future.as_mut(), cx)).await;
                if let Some(output) = output {
                    membership.finish(output);
                }
            }),
        );
    }

    /// Waits until one of the futures has finished, and yields its output: `None` if there
    /// are none, or none any more.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped: an output is taken when this is ready with it.
    ///
    /// # Examples
    ///
    /// See [`JoinSet`].
    pub async fn join_next(&mut self) -> Option<T> {
        poll_fn(|cx| {
            loop {
                match self.shared.take() {
                    Taken::Output(output) => return Poll::Ready(Some(output)),
                    Taken::Never => return Poll::Ready(None),
                    // Unless one has finished meanwhile, natively on another thread.
                    Taken::Later if self.shared.waits(cx.waker()) => return Poll::Pending,
                    Taken::Later => {}
                }
            }
        })
        .await
    }

    /// The output of one of the futures that have finished, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let mut set = wit_async::JoinSet::<u32>::new();
    /// while let Some(output) = set.try_join_next() {
    ///     println!("{output}");
    /// }
    /// ```
    pub fn try_join_next(&mut self) -> Option<T> {
        match self.shared.take() {
            Taken::Output(output) => Some(output),
            Taken::Later | Taken::Never => None,
        }
    }

    /// Drops the futures that have not finished, the next time that their tasks run. They
    /// are in the set no more. Outputs that are there stay.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn first_of(jobs: Vec<impl Future<Output = u32> + 'static>) -> Option<u32> {
    ///     let mut set = wit_async::JoinSet::new();
    ///     for job in jobs {
    ///         set.spawn(job);
    ///     }
    ///     let first = set.join_next().await;
    ///     set.abort_all();
    ///     // Some may have finished together with the first one.
    ///     while let Some(other) = set.join_next().await {
    ///         println!("{other}");
    ///     }
    ///     assert!(set.is_empty());
    ///     first
    /// }
    /// ```
    pub fn abort_all(&mut self) {
        let mut next = 0;
        // One after the other: a waker is foreign code.
        while let Some((index, waker)) = self.shared.abort_from(next) {
            next = index;
            waker.inspect(Waker::wake_by_ref);
        }
    }
}

/// What came of taking an output.
enum Taken<T> {
    Output(T),
    /// One is to come.
    Later,
    /// None is to come.
    Never,
}

impl<T> Shared<T> {
    /// One more future; says which it is.
    fn join(&self) -> usize {
        self.state.with(|state| {
            state.running += 1;
            let index = state.vacant.pop().unwrap_or_else(|| {
                state.members.push(None);
                state.members.len() - 1
            });
            state.members[index] = Some(Member::default());
            index
        })
    }

    fn take(&self) -> Taken<T> {
        self.state
            .with(|state| match (state.finished.pop_front(), state.running) {
                (Some(output), _) => Taken::Output(output),
                (None, 0) => Taken::Never,
                (None, _) => Taken::Later,
            })
    }

    /// Says whom to wake when a future of the set has ended; false if there is nothing to
    /// wait for.
    fn waits(&self, waker: &Waker) -> bool {
        let mut joiner = Some(waker.clone());
        self.state.with(|state| {
            let waits = state.finished.is_empty() && state.running > 0;
            if waits {
                mem::swap(&mut state.joiner, &mut joiner);
            }
            waits
        })
    }

    /// Aborts the first future from `index` on that is running; says which it is, and what
    /// wakes it.
    fn abort_from(&self, index: usize) -> Option<(usize, Option<Waker>)> {
        self.state.with(|state| {
            let mut members = state.members.iter_mut().enumerate().skip(index);
            let (index, member) = members.find_map(|(index, member)| {
                let member = member.as_mut().filter(|member| !member.aborted)?;
                Some((index, member))
            })?;
            member.aborted = true;
            state.running -= 1;
            Some((index, member.waker.take()))
        })
    }
}

/// Held by a future of the set.
struct Membership<T> {
    index: usize,
    shared: Arc<Shared<T>>,
}

impl<T> Membership<T> {
    /// Polls `future`, or yields `None` if it is to end.
    fn or<F>(&self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Option<T>>
    where
        F: Future<Output = T>,
    {
        let known = self.with(|member| {
            let known = member.waker.as_ref();
            known.is_some_and(|known| known.will_wake(cx.waker()))
        });
        if !known {
            // Clones and drops of wakers are foreign code.
            let mut waker = Some(cx.waker().clone());
            self.with(|member| mem::swap(&mut member.waker, &mut waker));
        }
        let aborted = self.with(|member| member.aborted);
        match aborted {
            true => Poll::Ready(None),
            false => future.poll(cx).map(Some),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Member) -> R) -> R {
        self.shared.state.with(|state| {
            let member = state.members[self.index].as_mut();
            f(member.expect("it is there until this is dropped"))
        })
    }

    /// It has finished: the set has its output, unless it does not want it.
    fn finish(self, output: T) {
        let mut output = Some(output);
        self.shared.state.with(|state| {
            let member = &state.members[self.index];
            if member.as_ref().is_some_and(|member| !member.aborted) {
                state.finished.extend(output.take());
            }
        });
        // Leaves, and drops what is not wanted.
    }
}

impl<T> Drop for Membership<T> {
    fn drop(&mut self) {
        let (joiner, member) = self.shared.state.with(|state| {
            state.vacant.push(self.index);
            let member = state.members[self.index].take();
            if member.as_ref().is_some_and(|member| !member.aborted) {
                state.running -= 1;
            }
            (state.joiner.take(), member)
        });
        joiner.inspect(Waker::wake_by_ref);
        drop(member);
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
        // Not under the lock, and not when the last future has gone.
        let state = &self.shared.state;
        let left = state.with(|state| (mem::take(&mut state.finished), state.joiner.take()));
        drop(left);
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").finish_non_exhaustive()
    }
}
