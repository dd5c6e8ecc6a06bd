//! Streams of units, which are nothing but a count.

use guest_support::check::{at_once, in_flight};
use wit_async::{StreamResult, UnitStreamOps, spawn_local};

/// The most that one operation of the host transfers.
const LIMIT: usize = (1 << 28) - 1;

pub async fn units_one_by_one() {
    let (mut writer, mut reader) = UnitStreamOps::new();
    let writing = spawn_local(async move { writer.write_all(vec![(); 5]).await.len() });
    for n in 0..5 {
        assert_eq!(reader.next().await, Some(()), "unit {n} of five");
    }
    assert_eq!(reader.next().await, None);
    assert_eq!(writing.await, Some(0));
}

pub async fn units_in_lots() {
    let (mut writer, mut reader) = UnitStreamOps::new();
    let lots = [1, 10, 0, 1000, 3];
    spawn_local(async move {
        for lot in lots {
            assert_eq!(writer.write_all(vec![(); lot]).await.len(), 0);
        }
    });
    let mut received = 0;
    loop {
        match reader.read(Vec::new()).await {
            (StreamResult::Complete(count), buffer) => {
                assert_eq!(buffer.len(), count);
                received += count;
            }
            (StreamResult::Dropped, buffer) => {
                assert!(buffer.is_empty());
                break;
            }
            (StreamResult::Cancelled, _) => panic!("nobody cancelled the read"),
        }
    }
    assert_eq!(received, lots.iter().sum());
}

pub async fn units_beyond_the_limit() {
    let (mut writer, reader) = UnitStreamOps::new();
    let many = 2 * LIMIT + 10;
    let writing = spawn_local(async move { writer.write_all(vec![(); many]).await.len() });
    assert_eq!(reader.collect().await.len(), many);
    assert_eq!(writing.await, Some(0));
}

pub async fn units_end() {
    let (mut writer, mut reader) = UnitStreamOps::new();
    spawn_local(async move { writer.write_one(()).await });
    assert_eq!(reader.next().await, Some(()));
    for _ in 0..3 {
        assert_eq!(reader.next().await, None);
        assert_eq!(reader.read(Vec::new()).await.0, StreamResult::Dropped);
    }
    let (mut writer, reader) = UnitStreamOps::new();
    drop(reader);
    for _ in 0..3 {
        assert_eq!(writer.write_one(()).await, Some(()));
        assert_eq!(writer.write_all(vec![(); 7]).await.len(), 7);
    }
}

pub async fn units_cancelled() {
    let (mut writer, mut reader) = UnitStreamOps::new();
    let mut write = Box::pin(writer.write(vec![(); 10]));
    in_flight(&mut write).await;
    for _ in 0..3 {
        assert_eq!(at_once(&mut Box::pin(reader.next())).await, Some(()));
    }
    let (result, buffer) = write.as_mut().cancel();
    assert_eq!((result, buffer.remaining()), (StreamResult::Complete(3), 7));
}
