//! Resources through streams and futures.

use guest_support::check::turns;

use super::{Coin, coin, coins, counts};
use crate::bindings::test::owners::bank;
use crate::leaf_alone::wit_stream;
use crate::runtime::spawn_local;

pub async fn stream_of_own_type() {
    let first = coin("a");
    let mut copies = first.copies(3).await;
    drop(first);
    let mut read = 0;
    while let Some(copy) = copies.next().await {
        assert_eq!(copy.label(), "a");
        read += 1;
    }
    assert_eq!((read, counts("coin")), (3, (4, 4)));
}

pub async fn stream_of_own_type_in_part() {
    let first = coin("a");
    let mut copies = first.copies(5).await;
    let copy = copies.next().await.expect("five are written");
    drop(copies);
    turns(10).await;
    assert_eq!(counts("coin"), (6, 4), "four came back to their component");
    assert_eq!(copy.label(), "a");
    drop((first, copy));
    drop(coin("b").copies(5).await);
    turns(10).await;
    assert_eq!(counts("coin"), (12, 12), "all of them, unread");
}

pub async fn future_of_own_type() {
    let first = coin("a");
    let twin = first.twin().await;
    drop(first);
    assert_eq!(twin.await.label(), "a");
    assert_eq!(counts("coin"), (2, 2));
    drop(coin("b").twin().await);
    turns(10).await;
    assert_eq!(counts("coin"), (4, 4), "unread");
}

pub async fn stream_into_own_type() {
    let (mut writer, reader) = wit_stream::new();
    spawn_local(async move {
        assert!(writer.write_all(coins()).await.is_empty());
    });
    let (labels, last) = Coin::last(reader).await;
    assert_eq!(labels, ["a", "b", "c"]);
    assert_eq!(last.map(|coin| coin.label()).as_deref(), Some("c"));
    assert_eq!(counts("coin"), (3, 3));
}

pub async fn stream_through_another() {
    let (mut writer, reader) = wit_stream::new();
    spawn_local(async move {
        assert!(writer.write_all(coins()).await.is_empty());
    });
    let mut notes = bank::notes(reader).await;
    let mut labels = Vec::new();
    let mut back = Vec::new();
    while let Some(note) = notes.next().await {
        labels.push(note.label());
        back.push(bank::Coin::back(note));
    }
    assert_eq!(labels, ["note of a", "note of b", "note of c"]);
    assert_eq!((counts("note"), counts("coin")), ((3, 3), (3, 0)));
    drop(back);
    assert_eq!(counts("coin"), (3, 3));
}
