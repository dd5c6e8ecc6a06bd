//! Resources under other names, and bindings of another invocation of the macro.

use super::{Coin, Purse, coin, coins, counts};
use crate::bindings::test::owners::{aggregates, bank};
use crate::leaf_alone;

pub async fn aliases() {
    let penny: bank::Penny = coin("a");
    let money: bank::Money = coin("b");
    let note = bank::Coin::new(money);
    assert_eq!(note.label(), "note of b");
    assert_eq!(bank::peek(&penny, &note), "a and note of b");
    let back: bank::Penny = bank::Coin::back(note);
    assert_eq!(Coin::add(&penny, &back).label(), "ab");
    assert_eq!(counts("note"), (1, 1));
    assert_eq!(counts("coin"), (3, 1));
    drop((penny, back));
    assert_eq!(counts("coin"), (3, 3));
}

pub async fn destroyed_by_another() {
    let note = bank::Coin::new(coin("a"));
    assert_eq!(counts("coin"), (1, 0));
    drop(note);
    assert_eq!((counts("note"), counts("coin")), ((1, 1), (1, 1)));
    assert_eq!(bank::sum(Purse::new(coins())).await, 3.0);
    assert_eq!((counts("purse"), counts("coin")), ((1, 1), (4, 4)));
}

pub async fn remapped() {
    let coin: leaf_alone::test::owners::leaf::Coin = coin("a");
    let coin: Option<bank::Penny> = aggregates::in_option(Some(coin));
    let coin: leaf_alone::test::owners::leaf::Coin = coin.expect("it comes back");
    assert_eq!(coin.label(), "a");
    assert_eq!(counts("coin"), (1, 0));
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}
