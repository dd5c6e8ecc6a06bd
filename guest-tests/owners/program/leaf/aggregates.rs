//! Resources in every aggregate, there and back.

use super::{a_while, coin};
use crate::Leaf;
use crate::bindings::exports::test::owners::aggregates::{
    Coin, CoinBorrow, Either, Guest, Lent, LentEither, Pair, Purse,
};

/// An aggregate of them all.
type Nested = Vec<Option<Result<(Coin, Pair), Either>>>;

impl Guest for Leaf {
    fn in_record(it: Pair) -> Pair {
        it
    }

    fn in_tuple(it: (Coin, f32, Purse)) -> (Coin, f32, Purse) {
        it
    }

    fn in_list(it: Vec<Coin>) -> Vec<Coin> {
        it
    }

    fn in_option(it: Option<Coin>) -> Option<Coin> {
        it
    }

    fn in_result(it: Result<Coin, Purse>) -> Result<Coin, Purse> {
        it
    }

    fn in_variant(it: Either) -> Either {
        it
    }

    fn in_all(it: Nested) -> Nested {
        it
    }

    async fn in_all_later(it: Nested) -> Nested {
        a_while().await;
        it
    }

    fn lent_record(it: Lent<'_>) -> String {
        it.name + &coin::lent_label(&it.one)
    }

    fn lent_tuple(it: (CoinBorrow<'_>, CoinBorrow<'_>)) -> String {
        coin::lent_label(&it.0) + &coin::lent_label(&it.1)
    }

    fn lent_list(it: Vec<CoinBorrow<'_>>) -> String {
        it.iter().map(coin::lent_label).collect()
    }

    fn lent_option(it: Option<CoinBorrow<'_>>) -> String {
        it.as_ref().map(coin::lent_label).unwrap_or_default()
    }

    fn lent_result(it: Result<CoinBorrow<'_>, String>) -> String {
        it.as_ref().map_or_else(String::clone, coin::lent_label)
    }

    fn lent_variant(it: LentEither<'_>) -> String {
        match it {
            LentEither::Nothing => String::new(),
            LentEither::Coin(coin) => coin::lent_label(&coin),
        }
    }
}
