//! Streams of both sides.

use futures::future::{join, join3};
use guest_support::check::turns;
use guest_support::ledger;

use super::sides::{LEAF, SIDE, assert_books};
use crate::bindings::test::chains::left::Number as Left;
use crate::bindings::test::chains::{left_flows, right_flows};
use crate::bindings::wit_stream;

const COUNT: u32 = 10;

pub async fn streams() {
    let (mut writer, reader) = wit_stream::new();
    let (left, right) = (
        left_flows::produce(COUNT),
        right_flows::produce_later(COUNT),
    );
    let (lefts, rights, (sum, ())) = join3(
        async { join(left.collect(), left_flows::pump()).await.0 },
        async { right.await.collect().await },
        join(left_flows::collect(reader, u32::MAX), async move {
            let numbers = (0..COUNT).map(|index| Left::new(index.into()));
            assert!(writer.write_all(numbers.collect()).await.is_empty());
        }),
    )
    .await;
    let expected: Vec<f64> = (0..COUNT).map(f64::from).collect();
    assert_eq!(sum, expected);
    assert!(lefts.iter().map(|left| left.value()).eq(expected.clone()));
    assert!(rights.iter().map(|right| right.value()).eq(expected));
    drop((lefts, rights));
    for _ in 0..100 {
        if ledger::alive(LEAF) + ledger::alive(SIDE) == 0 {
            break;
        }
        turns(1).await;
    }
    let count = u64::from(COUNT);
    assert_books((3 * count, 0), (3 * count, 0));
}
