//! Limiters: one for each instance, that its programs stand in line for.

use super::{DEPTH, Program};
use crate::sim::hopes::Hope;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use wit_async::{Admit, Limiter, Permit, yield_async};

/// A limiter, and who should be where.
pub(super) struct Line {
    limiter: Limiter,
    limit: usize,
    inside: Cell<usize>,
    waiting: RefCell<Vec<(u32, Rc<Hope>)>>,
}

impl Line {
    pub(super) fn new(limit: usize) -> Line {
        Line {
            limiter: Limiter::new(limit),
            limit,
            inside: Cell::new(0),
            waiting: RefCell::default(),
        }
    }

    /// Whose turn has come, has been told.
    fn note(&self) {
        let free = self.limit - self.inside.get();
        for (_, hope) in self.waiting.borrow().iter().take(free) {
            hope.fulfil();
        }
    }

    /// Who does not wait is admitted if there is room beside those who do.
    fn passes(&self) -> Option<Inside<'_>> {
        let is_free = self.inside.get() + self.waiting.borrow().len() < self.limit;
        let permit = self.limiter.try_admit();
        assert_eq!(permit.is_some(), is_free, "who does not wait");
        let permit = Some(permit?);
        self.enters();
        Some(Inside { line: self, permit })
    }

    fn enters(&self) {
        self.inside.set(self.inside.get() + 1);
        assert!(self.inside.get() <= self.limit, "too many were admitted");
        if self.inside.get() == self.limit {
            assert!(crate::host::host().backpressure() > 0, "calls still start");
        }
    }
}

/// Somebody who stands in line.
struct Standing<'a> {
    line: &'a Line,
    number: u32,
    hope: Rc<Hope>,
    admit: Option<Admit<'a>>,
}

impl<'a> Standing<'a> {
    fn new(line: &'a Line, number: u32) -> Standing<'a> {
        Standing {
            line,
            number,
            hope: Rc::default(),
            admit: Some(line.limiter.admit()),
        }
    }

    fn place(&self) -> Option<usize> {
        let waiting = self.line.waiting.borrow();
        waiting.iter().position(|waits| waits.0 == self.number)
    }

    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Inside<'a>> {
        let line = self.line;
        let Some(admit) = &mut self.admit else {
            unreachable!("it is ready once");
        };
        let poll = Pin::new(admit).poll(cx);
        let place = self.place();
        match poll {
            Poll::Pending => {
                if place.is_none() {
                    let hope = Rc::clone(&self.hope);
                    line.waiting.borrow_mut().push((self.number, hope));
                }
                Poll::Pending
            }
            Poll::Ready(permit) => {
                match place {
                    Some(place) => {
                        assert!(line.inside.get() + place < line.limit, "out of turn");
                        line.waiting.borrow_mut().remove(place);
                    }
                    None => {
                        let before = line.waiting.borrow().len();
                        assert!(line.inside.get() + before < line.limit, "others were first");
                    }
                }
                line.enters();
                Poll::Ready(Inside {
                    line,
                    permit: Some(permit),
                })
            }
        }
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place() {
            self.line.waiting.borrow_mut().remove(place);
        }
        drop(self.admit.take());
        self.line.note();
    }
}

/// Somebody who was admitted.
struct Inside<'a> {
    line: &'a Line,
    permit: Option<Permit<'a>>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.line.inside.set(self.line.inside.get() - 1);
        drop(self.permit.take());
        self.line.note();
    }
}

impl Program {
    /// Stands in line for a permit, and does something with it. Not everybody stays in
    /// line for long.
    pub(super) async fn stands_in_line(&mut self, line: &Line) {
        let world = Rc::clone(&self.world);
        let mut turns = match world.scenario().small() {
            Some(_) => [u32::MAX, 1][world.pick(2) as usize],
            None => match world.pick(3) {
                0 | 1 => u32::MAX,
                turns => turns - 1,
            },
        };
        if world.scenario().small().is_none() && world.pick(4) == 3 {
            return drop(line.passes());
        }
        let inside = {
            let mut standing = Standing::new(line, world.next_number());
            let hope = Rc::clone(&standing.hope);
            let _waiting = world.hopes.wait(hope, self.instance);
            poll_fn(|cx| match standing.poll(cx) {
                Poll::Ready(inside) => Poll::Ready(Some(inside)),
                Poll::Pending if world.is_closing() => Poll::Ready(None),
                Poll::Pending => {
                    turns -= 1;
                    match turns {
                        0 => Poll::Ready(None),
                        _ => Poll::Pending,
                    }
                }
            })
            .await
        };
        let Some(_inside) = inside else { return };
        match world.pick_way(3) {
            0 => {}
            1 => yield_async().await,
            _ if self.depth < DEPTH && world.pick(2) == 1 => self.call().await,
            _ => self.operates().await,
        }
    }
}
