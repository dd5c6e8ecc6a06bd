//! At most so many at a time.
//!
//! ```text
//!  admit ──► admitted < limit ──────────────────────► Permit ──drop──┐
//!    └─────► waiting, in order ──► it is one's turn ───┘             │
//!                    ▲                                               │
//!                    └── the permit goes to the first who waits, ◄───┘
//!                        or is free again
//! ```
//!
//! While as many are admitted as may be, the host holds calls back.

use super::backpressure::Backpressure;
use super::lock::Lock;
use alloc::collections::VecDeque;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// Lets at most so many calls of exports, or pieces of other work, go on at a time.
///
/// An export asks for a permit with [`admit`](Limiter::admit) and holds it as long as it
/// works. While all permits are given away further calls of async exports are held back by
/// the host: they do not start, which costs this instance nothing. As soon as one permit
/// is free the host starts calls again.
///
/// A limiter can be a `static`. It is about one component instance; several of them count
/// apart from each other, and calls are held back while any of them is full.
///
/// # What the host holds back, and when
///
/// The host looks at backpressure when a call is about to start (canonical ABI,
/// "Task.enter"). So:
///
/// - *Calls that have started already wait in `admit`*, in the order in which they asked.
///   There are such calls when an export does something else first, when several calls
///   started before the last permit went, and when work that was spawned asks as well.
/// - While the limiter is full *no* async export of the instance starts, also none that
///   would not ask for a permit. Do not wait, while you hold the last permit, for a call
///   of your own instance: it does not start.
/// - Calls of synchronous exports start all the same. They must not wait, so that they
///   can use only [`try_admit`](Limiter::try_admit).
///
/// # Examples
///
/// ```
/// use wit_async::Limiter;
///
/// static REQUESTS: Limiter = Limiter::new(8);
///
/// # async fn respond(_: String) -> String { String::new() }
/// async fn handle(request: String) -> String {
///     // Given back when this future ends, by a panic or by a cancel too.
///     let _permit = REQUESTS.admit().await;
///     respond(request).await
/// }
/// ```
pub struct Limiter {
    limit: usize,
    state: Lock<State>,
}

struct State {
    /// How many permits are given away, or are on their way to who waited.
    admitted: usize,
    /// Who waits, by number: the lowest one is first.
    waiting: VecDeque<(u64, Waker)>,
    /// The number of the next one who waits.
    next: u64,
    /// While `admitted` is as much as may be. Nobody waits without it.
    full: Option<Backpressure>,
}

impl State {
    /// Where somebody stands; nothing if the permit has come.
    fn place(&self, number: u64) -> Option<usize> {
        let place = self.waiting.binary_search_by_key(&number, |waits| waits.0);
        place.ok()
    }
}

impl Limiter {
    /// A limiter that gives away `limit` permits.
    ///
    /// # Panics
    ///
    /// If `limit` is 0, when it is compiled if this is in a `static`.
    ///
    /// # Examples
    ///
    /// See [`Limiter`].
    #[track_caller]
    pub const fn new(limit: usize) -> Limiter {
        assert!(limit > 0, "`Limiter::new(0)` would never admit anybody");
        Limiter {
            limit,
            state: Lock::new(State {
                admitted: 0,
                waiting: VecDeque::new(),
                next: 0,
                full: None,
            }),
        }
    }

    /// Waits for a permit; those who asked first get theirs first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place among those who wait, and a permit that was
    /// on its way. A future that is leaked keeps its place, and then its permit.
    ///
    /// # Examples
    ///
    /// See [`Limiter`].
    pub fn admit(&self) -> Admit<'_> {
        Admit {
            limiter: self,
            asked: Asked::Not,
        }
    }

    /// A permit, if one is free.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// static WRITERS: wit_async::Limiter = wit_async::Limiter::new(1);
    ///
    /// let one = WRITERS.try_admit().expect("nobody else writes");
    /// assert!(WRITERS.try_admit().is_none());
    /// drop(one);
    /// assert!(WRITERS.try_admit().is_some());
    /// ```
    pub fn try_admit(&self) -> Option<Permit<'_>> {
        let (free, filled) = self.state.with(|state| {
            let free = state.admitted < self.limit;
            if free {
                state.admitted += 1;
            }
            (free, free && state.admitted == self.limit)
        });
        let permit = free.then(|| Permit { limiter: self });
        if filled {
            self.hold_back();
        }
        permit
    }

    /// The last permit went.
    fn hold_back(&self) {
        let mut hold = Some(Backpressure::hold());
        self.state.with(|state| {
            // Natively another thread may have given one back meanwhile.
            if state.admitted == self.limit && state.full.is_none() {
                state.full = hold.take();
            }
        });
    }

    /// A permit has come back: it goes to the first who waits.
    fn release(&self) {
        let (first, full) = self.state.with(|state| {
            let first = state.waiting.pop_front();
            if first.is_some() {
                return (first, None);
            }
            state.admitted -= 1;
            (None, state.full.take())
        });
        drop(full);
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let admitted = self.state.with(|state| state.admitted);
        f.debug_struct("Limiter")
            .field("limit", &self.limit)
            .field("admitted", &admitted)
            .finish_non_exhaustive()
    }
}

/// Waits for a permit; made by [`Limiter::admit`].
///
/// # Cancel safety
///
/// Dropping it gives up the place in line, and a permit that it has been given goes to the
/// next one.
///
/// # Panics
///
/// If it is polled after it was ready.
#[must_use = "nobody is admitted before this is awaited"]
pub struct Admit<'a> {
    limiter: &'a Limiter,
    asked: Asked,
}

/// How far somebody is who wants a permit.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Asked {
    Not,
    /// Is among those who wait, or was: then a permit is there.
    Waits(u64),
    Admitted,
}

impl<'a> Admit<'a> {
    /// The permit, if it is this one's turn.
    fn take(&mut self) -> Option<Permit<'a>> {
        let limiter = self.limiter;
        let permit = match self.asked {
            Asked::Not => limiter.try_admit(),
            Asked::Waits(number) => {
                let place = limiter.state.with(|state| state.place(number));
                place.is_none().then(|| Permit { limiter })
            }
            Asked::Admitted => panic!("`Limiter::admit` was polled after it was ready"),
        };
        if permit.is_some() {
            self.asked = Asked::Admitted;
        }
        permit
    }

    /// Stands in line, with what wakes it. False if it is this one's turn, which natively
    /// another thread may have seen to meanwhile.
    fn waits(&mut self, waker: &Waker) -> bool {
        // Clones and drops of wakers are foreign code.
        let mut waker = Some(waker.clone());
        self.limiter.state.with(|state| {
            let place = match self.asked {
                Asked::Waits(number) => state.place(number),
                _ if state.admitted < self.limiter.limit => None,
                _ => {
                    self.asked = Asked::Waits(state.next);
                    let first = waker.take().map(|waker| (state.next, waker));
                    state.waiting.extend(first);
                    state.next += 1;
                    return true;
                }
            };
            if let (Some(place), Some(waker)) = (place, &mut waker) {
                mem::swap(&mut state.waiting[place].1, waker);
            }
            place.is_some()
        })
    }
}

impl<'a> Future for Admit<'a> {
    type Output = Permit<'a>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<'a>> {
        loop {
            if let Some(permit) = self.take() {
                return Poll::Ready(permit);
            }
            if self.waits(cx.waker()) {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Admit<'_> {
    fn drop(&mut self) {
        let Asked::Waits(number) = self.asked else {
            return;
        };
        let left = self.limiter.state.with(|state| {
            let place = state.place(number)?;
            state.waiting.remove(place)
        });
        if left.is_none() {
            // Its turn has come, and it does not want it any more.
            self.limiter.release();
        }
    }
}

impl fmt::Debug for Admit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admit").finish_non_exhaustive()
    }
}

/// One of the permits of a [`Limiter`]. It is given back when this is dropped: at the end
/// of the code that holds it, by a panic, by a cancel.
///
/// # Examples
///
/// See [`Limiter`].
#[must_use = "the permit is given back when this is dropped"]
pub struct Permit<'a> {
    limiter: &'a Limiter,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.release();
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
