//! Numbers of every width: each has a size and an alignment of its own.

use std::fmt::Debug;

use guest_support::check::{at_once, in_flight};
use wit_async::{FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter};

use crate::bindings::{wit_future, wit_stream};

/// Four values through a stream and one through a future, each way that a read
/// and a write can meet.
async fn passes<T: Copy + PartialEq + Debug + 'static>(
    (mut writer, mut reader): (StreamWriter<T>, StreamReader<T>),
    (promise, awaited): (FutureWriter<T>, FutureReader<T>),
    values: [T; 4],
) {
    // The writer waits, and is read in parts.
    let mut write = Box::pin(writer.write(values.to_vec()));
    in_flight(&mut write).await;
    let (result, first) = at_once(&mut Box::pin(reader.read(Vec::with_capacity(3)))).await;
    assert_eq!(
        (result, &first[..]),
        (StreamResult::Complete(3), &values[..3])
    );
    let (result, mut rest) = write.await;
    assert_eq!(
        (result, rest.remaining()),
        (StreamResult::Complete(3), 1),
        "what was not read stays in the buffer"
    );

    // What is left is offered again, and taken back.
    let mut again = Box::pin(writer.write_buf(rest));
    in_flight(&mut again).await;
    (_, rest) = again.as_mut().cancel();
    drop(again);
    assert_eq!(rest.into_vec(), values[3..]);

    // The reader waits.
    let mut read = Box::pin(reader.read(Vec::with_capacity(8)));
    in_flight(&mut read).await;
    assert!(writer.write_all(values.to_vec()).await.is_empty());
    assert_eq!(read.await, (StreamResult::Complete(4), values.to_vec()));
    drop(writer);
    assert_eq!(reader.next().await, None);

    let mut write = Box::pin(promise.write(values[1]));
    in_flight(&mut write).await;
    assert_eq!(awaited.await, values[1]);
    write.await.expect("the value was read");
}

macro_rules! widths {
    ($($number:ident)*) => {$(
        passes::<$number>(
            wit_stream::new(),
            wit_future::new(Default::default),
            [$number::MIN, $number::MAX, 1 as $number, 0 as $number],
        )
        .await;
    )*};
}

pub async fn numbers_of_every_width() {
    widths!(u16 u32 u64 i8 i16 i32 f32);
}
