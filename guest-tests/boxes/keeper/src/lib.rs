//! A component that gets boxes and passes them on.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/boxes",
        world: "keeper-guest",
        generate_all,
    });
}

use std::cell::RefCell;

use bindings::exports::test::boxes::keeper::{Guest, Problem};
use bindings::test::boxes::boxes::{self, Box as Boxed};
use bindings::wit_stream;
use guest_support::check::turns;
use wit_async::StreamReader;

guest_support::guest!();
bindings::export!(Keeper with_types_in bindings);

thread_local! {
    static KEPT: RefCell<Vec<Boxed>> = const { RefCell::new(Vec::new()) };
}

struct Keeper;

impl Guest for Keeper {
    fn put(it: Boxed) {
        KEPT.with_borrow_mut(|kept| kept.push(it));
    }

    fn take() -> Option<Boxed> {
        KEPT.with_borrow_mut(Vec::pop)
    }

    fn count() -> u32 {
        KEPT.with_borrow(|kept| kept.len() as u32)
    }

    fn look(at: &Boxed) -> Result<u64, Problem> {
        boxes::read_number(at)
    }

    async fn look_later(at: &Boxed) -> Result<u64, Problem> {
        turns(3).await;
        boxes::read_number(at)
    }

    fn reverse(mut boxes: Vec<Boxed>) -> Vec<Boxed> {
        boxes.reverse();
        boxes
    }

    async fn pump(mut boxes: StreamReader<Boxed>) -> StreamReader<Boxed> {
        let (mut writer, reader) = wit_stream::new();
        wit_async::spawn_local(async move {
            while let Some(it) = boxes.next().await {
                if writer.write_one(it).await.is_some() {
                    break;
                }
            }
        });
        reader
    }

    async fn hold_for_ever(it: Boxed) {
        std::future::pending::<()>().await;
        drop(it);
    }

    fn fail(it: Boxed) {
        panic!("with box {} in hand", it.handle());
    }
}
