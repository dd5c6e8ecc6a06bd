//! Scripts of worlds so small that all their schedules can be looked at.

use super::shared::{line, shelve, shelved};
use super::{Program, note_unwritten};
use crate::host::{Held, Type, host};
use crate::sim::calls::{Caller, Exchange, Message};
use crate::sim::ends::AnyEnd;
use crate::sim::items::Item;
use crate::sim::operations;
use crate::sim::scenario::Small;
use crate::sim::world::World;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask;
use wit_async::yield_async;

/// How many things each task does.
const THINGS: u32 = 3;

/// Makes what the tasks need, and calls them.
pub fn begin(world: &World, small: Small) {
    world.guest_leaves_nothing(0, || {
        let mut ends = prepare(world, small);
        shelve(0, &mut ends);
    });
    for _ in 0..small.tasks() {
        world.enter(0, Caller::Host);
    }
}

/// One end for each task.
fn prepare(world: &World, small: Small) -> Vec<AnyEnd> {
    let code = <u32 as Item>::CODE;
    match small {
        Small::Stream => AnyEnd::pair(code, false).into(),
        Small::Future => AnyEnd::pair(code, true).into(),
        Small::Calls | Small::Cancelled | Small::Wakes | Small::Limits => Vec::new(),
        Small::HostReads => {
            let [writable, readable] = AnyEnd::pair(code, false);
            let (_, _, handle) = readable.hand_away();
            let table = Rc::clone(host().table());
            let held: Held = table.borrow_mut().take_readable(handle, false, Type::Word);
            world.hold(held);
            vec![writable]
        }
        Small::HostWrites => {
            let held = world.host_readable(Type::Word, false);
            let handle = host().table().borrow_mut().add_end(held);
            vec![AnyEnd::received(code, false, handle)]
        }
    }
}

/// What one task does.
pub async fn script(program: &mut Program, small: Small) {
    let world = program.world.clone();
    program.sleeps().await;
    program.ends.extend(shelved(0));
    // So that any of them may be first.
    yield_async().await;
    for _ in 0..THINGS {
        if world.is_closing() {
            break;
        }
        match small {
            Small::Calls | Small::Cancelled => {
                let mut exchange = Exchange::<true>;
                let call = exchange.call(Message::default());
                operations::import(program, call, false).await;
            }
            Small::Wakes => wake_or_wait(program).await,
            Small::Limits => {
                program.stands_in_line(&line(0)).await;
            }
            Small::Stream | Small::Future | Small::HostReads | Small::HostWrites => {
                let Some(end) = program.ends.pop() else { break };
                if world.pick(2) == 0 {
                    note_unwritten(&world, &end);
                    drop(end);
                    break;
                }
                let left = operations::operate(program, end).await;
                program.ends.extend(left);
            }
        }
    }
}

async fn wake_or_wait(program: &mut Program) {
    match program.world.pick(5) {
        0 => yield_async().await,
        1 => program.tells(),
        2 => program.spawn_telling(),
        3 => program.join().await,
        _ => program.hears().await,
    }
}
