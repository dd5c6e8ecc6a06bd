//! What synchronous code of a guest does.

use super::Program;
use super::shared::{drop_job, shelve, shelved};
use super::survive::{give_up, spare};
use crate::sim::calls::Message;
use crate::sim::ends::AnyEnd;
use crate::sim::operations;
use crate::sim::world::{World, world};
use std::rc::Rc;
use wit_async::{block_on, yield_async};

/// The body of a synchronous export: it may not wait.
pub fn synchronous() {
    let world = world();
    let instance = world.running_instance();
    for _ in 0..=world.pick(2) {
        match world.pick(6) {
            0 => AnyEnd::pair(world.pick_payload(), false)
                .into_iter()
                .for_each(|end| give_up(&world, end)),
            1 => {
                // The writable end of a future writes its default.
                let [writer, reader] = AnyEnd::pair(world.pick_payload(), true);
                give_up(&world, reader);
                give_up(&world, writer);
            }
            2 => block_on(async { yield_async().await }),
            // No cancel is possible here.
            3 => drop_job(instance),
            4 => {
                // The other end of what comes from the host may act while this yields.
                let mut arrived = Message::arrived(world.host_letter()).ends;
                let ends = [shelved(instance), arrived.pop()];
                let ends = ends.into_iter().flatten();
                let touched = spare(&world, || {
                    block_on(async {
                        let mut touched = Vec::new();
                        for end in ends {
                            touched.push(touch(&world, instance, end).await);
                        }
                        touched
                    })
                });
                shelve(instance, &mut touched.unwrap_or_default());
            }
            _ => {
                if let Some(end) = shelved(instance) {
                    give_up(&world, end);
                }
            }
        }
    }
}

/// Begins something with an end, and drops it at once.
async fn touch(world: &Rc<World>, instance: usize, end: AnyEnd) -> AnyEnd {
    let mut program = Program::new(Rc::clone(world), instance, Rc::default());
    let end = operations::touch(&mut program, end).await;
    // What it made to send.
    shelve(instance, &mut program.ends);
    end
}
