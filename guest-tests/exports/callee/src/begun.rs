//! What is begun in a task, and dropped where it cannot be cancelled.

use std::future::Future;
use std::pin::Pin;

use guest_support::check::in_flight;
use wit_async::{FutureReader, StreamReader};

use crate::bindings::exports::test::exports::callee::{Begun, GuestBegun, Work};
use crate::bindings::test::exports::vault;
use crate::bindings::{wit_future, wit_stream};

/// Something in flight; goes wherever this goes.
pub struct OwnBegun {
    _work: Pin<Box<dyn Future<Output = ()>>>,
}

impl GuestBegun for OwnBegun {}

/// Begins `work` in this task, which then has no other future.
async fn begin(work: impl Future<Output = ()> + 'static) -> Begun {
    let mut work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    in_flight(&mut work).await;
    Begun::new(OwnBegun { _work: work })
}

pub async fn begins(what: Work) -> Begun {
    match what {
        Work::Read(mut words) => begin(async move { drop(words.next().await) }).await,
        Work::ReadOfBytes(mut bytes) => {
            begin(async move { drop(bytes.read(Vec::with_capacity(10)).await) }).await
        }
        Work::WaitForValue(value) => begin(async move { drop(value.await) }).await,
        Work::Call => begin(vault::waits()).await,
    }
}

pub async fn begins_write() -> (Begun, StreamReader<String>) {
    let (mut writer, reader) = wit_stream::new();
    let begun = begin(async move { drop(writer.write_one("word".to_owned()).await) }).await;
    (begun, reader)
}

pub async fn begins_write_of_value() -> (Begun, FutureReader<String>) {
    let (writer, reader) = wit_future::new(|| "default".to_owned());
    let begun = begin(async move { drop(writer.write("value".to_owned()).await) }).await;
    (begun, reader)
}

mod lowered {
    //! Imports that are lowered synchronously.

    #[link(wasm_import_module = "test:exports/vault@0.1.0")]
    unsafe extern "C" {
        #[link_name = "until-open"]
        pub safe fn until_open();
    }
}

pub async fn blocks(mut items: StreamReader<String>) {
    lowered::until_open();
    // The task may cancel, as before.
    let mut read = Box::pin(items.next());
    in_flight(&mut read).await;
    drop(read);
}
