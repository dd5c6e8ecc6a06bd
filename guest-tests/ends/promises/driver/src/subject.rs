//! The exports of each runtime, as those who are called.

use wit_async::{FutureReader, StreamReader};

use crate::bindings::test::ends;

/// The exports of one runtime.
pub trait Subject {
    /// An operation in flight. Its destructor drops it there.
    type Begun;

    async fn begins_read(bytes: StreamReader<u8>) -> Self::Begun;
    async fn begins_write() -> (Self::Begun, StreamReader<u8>);
    async fn finishes(what: Self::Begun) -> u8;
    async fn drops(what: Self::Begun);
    fn drops_outside_of_tasks(what: Self::Begun);
    async fn blocks(bytes: StreamReader<u8>);
    async fn holds_unwritten_writer();
    fn take_reader() -> FutureReader<u32>;
    async fn leaves_a_call(value: FutureReader<String>);
    fn called() -> Option<String>;
    async fn busy();
    fn items_read() -> u32;
}

macro_rules! subject {
    ($name:ident, $interface:ident) => {
        pub struct $name;

        impl Subject for $name {
            type Begun = ends::$interface::Begun;

            async fn begins_read(bytes: StreamReader<u8>) -> Self::Begun {
                ends::$interface::begins_read(bytes).await
            }

            async fn begins_write() -> (Self::Begun, StreamReader<u8>) {
                ends::$interface::begins_write().await
            }

            async fn finishes(what: Self::Begun) -> u8 {
                ends::$interface::finishes(what).await
            }

            async fn drops(what: Self::Begun) {
                ends::$interface::drops(what).await;
            }

            fn drops_outside_of_tasks(what: Self::Begun) {
                ends::$interface::drops_outside_of_tasks(what);
            }

            async fn blocks(bytes: StreamReader<u8>) {
                ends::$interface::blocks(bytes).await;
            }

            async fn holds_unwritten_writer() {
                ends::$interface::holds_unwritten_writer().await;
            }

            fn take_reader() -> FutureReader<u32> {
                ends::$interface::take_reader()
            }

            async fn leaves_a_call(value: FutureReader<String>) {
                ends::$interface::leaves_a_call(value).await;
            }

            fn called() -> Option<String> {
                ends::$interface::called()
            }

            async fn busy() {
                ends::$interface::busy().await;
            }

            fn items_read() -> u32 {
                ends::$interface::items_read()
            }
        }
    };
}

subject!(Own, subject);
subject!(V63, subject_v63);
