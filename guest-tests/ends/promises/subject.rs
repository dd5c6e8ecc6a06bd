//! Exports whose tasks end, are blocked and are cancelled: the same text for each runtime.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::pin::Pin;

use futures::future::join;
use guest_support::check::in_flight;

use crate::Subject;
use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{FutureReader, StreamReader, block_on, spawn_local};
use crate::wit::{Begun, Guest, GuestBegun};

/// What `busy` reads.
const ITEMS: u32 = 100_000;

thread_local! {
    static READER: RefCell<Option<FutureReader<u32>>> = const { RefCell::new(None) };
    static CALLED: RefCell<Option<String>> = const { RefCell::new(None) };
    static READ: Cell<u32> = const { Cell::new(0) };
}

/// Something in flight; goes wherever this goes.
pub struct OwnBegun(Pin<Box<dyn Future<Output = u8>>>);

impl GuestBegun for OwnBegun {}

/// Begins `work` in this task, which then has no other future.
async fn begin(work: impl Future<Output = u8> + 'static) -> Begun {
    let mut work: Pin<Box<dyn Future<Output = u8>>> = Box::pin(work);
    in_flight(&mut work).await;
    Begun::new(OwnBegun(work))
}

impl Guest for Subject {
    type Begun = OwnBegun;

    async fn begins_read(mut bytes: StreamReader<u8>) -> Begun {
        begin(async move { bytes.next().await.unwrap_or(0) }).await
    }

    async fn begins_write() -> (Begun, StreamReader<u8>) {
        let (mut writer, reader) = wit_stream::new();
        let write = async move {
            match writer.write_one(1).await {
                None => 1,
                Some(_) => 0,
            }
        };
        (begin(write).await, reader)
    }

    async fn finishes(what: Begun) -> u8 {
        what.into_inner::<OwnBegun>().0.await
    }

    async fn drops(what: Begun) {
        drop(what.into_inner::<OwnBegun>());
    }

    fn drops_outside_of_tasks(what: Begun) {
        drop(what.into_inner::<OwnBegun>());
    }

    async fn blocks(mut bytes: StreamReader<u8>) {
        block_on(async { bytes.next().await });
    }

    async fn holds_unwritten_writer() {
        let (writer, reader) = wit_future::new(|| 4711);
        READER.set(Some(reader));
        pending::<()>().await;
        drop(writer);
    }

    fn take_reader() -> FutureReader<u32> {
        READER.take().expect("the call that makes it came before")
    }

    async fn leaves_a_call(value: FutureReader<String>) {
        drop(spawn_local(async move {
            let value = relay::read_value(value).await;
            CALLED.set(Some(value));
        }));
    }

    fn called() -> Option<String> {
        CALLED.take()
    }

    async fn busy() {
        let (mut writer, mut reader) = wit_stream::new();
        // One write in flight, so that each read is ready at once.
        let writes = async move {
            writer.write_all((0..ITEMS).collect()).await;
        };
        let reads = async {
            while reader.next().await.is_some() {
                READ.set(READ.get() + 1);
            }
        };
        join(writes, reads).await;
    }

    fn items_read() -> u32 {
        READ.get()
    }
}
