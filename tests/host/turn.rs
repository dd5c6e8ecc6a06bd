//! How much the guest completes in one turn of a task.
//!
//! A turn is known by what the guest puts into the cell of `wasip3_task_set`: while it is
//! polling, that is there, or nothing.

use super::Host;
use std::cell::{Cell, RefCell};

/// The turns on the stack, and how much each has completed.
#[derive(Default)]
pub struct Turns {
    stack: RefCell<Vec<(usize, u32)>>,
    /// Sets that were made in the middle of a turn, by a `block_on` there, and how many
    /// turns were on the stack then, with its own.
    nested: RefCell<Vec<(u32, usize)>>,
    most: Cell<u32>,
}

/// Code of the instance was entered: no turn below it goes on before it has left.
const ENTERED: usize = 0;

impl Turns {
    /// The instance is entered; the result is to be given to [`leave`](Turns::leave).
    pub(super) fn enter(&self) -> usize {
        let mut stack = self.stack.borrow_mut();
        stack.push((ENTERED, 0));
        stack.len() - 1
    }

    pub(super) fn leave(&self, entered: usize) {
        self.stack.borrow_mut().truncate(entered);
    }

    /// Something is put into the cell.
    pub(super) fn polls(&self, task: *mut u8) {
        let task = task.addr();
        let mut stack = self.stack.borrow_mut();
        if task == 0 || stack.last().is_some_and(|(top, _)| *top == task) {
            return;
        }
        let here = since_entered(&stack);
        match stack[here..].iter().position(|(turn, _)| *turn == task) {
            // Those in the middle of it are over.
            Some(place) => stack.truncate(here + place + 1),
            None => stack.push((task, 0)),
        }
    }

    /// The guest made a set.
    pub(super) fn makes_set(&self, set: u32) {
        let stack = self.stack.borrow();
        let mut nested = self.nested.borrow_mut();
        nested.retain(|(other, _)| *other != set);
        let depth = stack[since_entered(&stack)..].len();
        if depth > 1 {
            nested.push((set, depth));
        }
    }

    /// The guest lets others run, or is between two turns of a `block_on`: what follows
    /// counts anew.
    pub(super) fn begin_anew(&self) {
        let mut stack = self.stack.borrow_mut();
        let here = since_entered(&stack);
        stack[here..].iter_mut().for_each(|turn| turn.1 = 0);
    }
}

/// Where the turns begin that are on the stack since the instance was entered.
fn since_entered(stack: &[(usize, u32)]) -> usize {
    let entered = stack.iter().rposition(|(turn, _)| *turn == ENTERED);
    entered.map_or(0, |entered| entered + 1)
}

impl Host {
    /// An operation completed in the call that started it.
    pub(super) fn completes_at_once(&self) {
        self.completes(0);
    }

    /// The guest took an event from `set` by itself. What it takes before it polls may
    /// belong to no task, and what a `block_on` takes between its turns to the next one.
    pub(super) fn takes_event(&self, set: u32) {
        let stack = self.turns.stack.borrow();
        let depth = stack[since_entered(&stack)..].len();
        drop(stack);
        let nested = self.turns.nested.borrow();
        let own = nested.iter().find(|(other, _)| *other == set);
        if own.is_none_or(|(_, own)| depth >= *own) {
            self.completes(1);
        }
    }

    fn completes(&self, least: u32) {
        let turns = &self.turns;
        if let Some((turn, completed)) = turns.stack.borrow_mut().last_mut()
            && *turn != ENTERED
            && *turn == self.cell.get().addr()
            && *completed >= least
        {
            *completed += 1;
            turns.most.set(turns.most.get().max(*completed));
        }
    }

    /// The most that one turn has completed.
    pub fn most_in_a_turn(&self) -> u32 {
        self.turns.most.get()
    }
}
