//! What the workshop does, on each runtime.

mod chest;
mod operation;
mod tool;

use std::cell::RefCell;

use guest_support::check::Gates;

use crate::Workshop;
use crate::bindings::exports::test::handles::workshop as wit;
use crate::bindings::test::handles::host_things::{self, Thing};
use crate::bindings::test::handles::store_room;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{FutureReader, StreamReader, spawn_local, yield_async};

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
}

/// Lets others have a few turns.
async fn a_while() {
    for _ in 0..3 {
        yield_async().await;
    }
}

impl wit::Guest for Workshop {
    type Tool = tool::Tool;
    type Box = tool::Case;
    type Operation = operation::Operation;
    type Chest = chest::Chest;
    type Phoenix = chest::Phoenix;
    type Bomb = chest::Bomb;

    fn release() {
        GATES.with_borrow_mut(|gates| gates.release(0));
    }

    fn waiting() -> u32 {
        store_room::waiting()
    }

    async fn drop_in_task(operation: wit::Operation) {
        drop(operation);
    }

    fn last_words() -> Vec<String> {
        chest::last_words()
    }

    async fn tools(labels: Vec<String>) -> StreamReader<wit::Tool> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            // What nobody takes comes back, and is destroyed here.
            let tools = labels.into_iter().map(tool::make).collect();
            drop(writer.write_all(tools).await);
        });
        reader
    }

    async fn tool_later(label: String) -> FutureReader<wit::Tool> {
        let (writer, reader) = wit_future::new(|| unreachable!("the tool is written"));
        spawn_local(async move {
            a_while().await;
            drop(writer.write(tool::make(label)).await);
        });
        reader
    }

    async fn labels(mut tools: StreamReader<wit::Tool>) -> Vec<String> {
        let mut labels = Vec::new();
        while let Some(tool) = tools.next().await {
            labels.push(tool::label(&tool));
        }
        labels
    }

    async fn label_of(tool: FutureReader<wit::Tool>) -> String {
        tool::label(&tool.await)
    }

    async fn ignore(tools: StreamReader<wit::Tool>, tool: FutureReader<wit::Tool>) {
        a_while().await;
        drop((tools, tool));
    }

    fn pass(thing: Thing) -> Thing {
        thing
    }

    fn peek(thing: &Thing) -> u32 {
        thing.number()
    }

    fn peek_untyped(thing: &Thing) -> u32 {
        Thing::untyped_number(thing)
    }

    async fn things(mut things: StreamReader<Thing>) -> StreamReader<Thing> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            while let Some(thing) = things.next().await {
                if writer.write_one(thing).await.is_some() {
                    break;
                }
            }
        });
        reader
    }
}
