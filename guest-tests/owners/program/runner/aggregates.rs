//! Resources within other values.

use super::{Coin, Purse, coin, coins, counts};
use crate::bindings::test::owners::aggregates::{self as callee, Either, Lent, LentEither, Pair};

fn pair(first: &str, second: &str) -> Pair {
    Pair {
        first: coin(first),
        name: "pair".to_owned(),
        second: coin(second),
    }
}

fn pair_label(pair: &Pair) -> String {
    format!(
        "{} {} {}",
        pair.first.label(),
        pair.name,
        pair.second.label()
    )
}

pub async fn aggregates() {
    assert_eq!(pair_label(&callee::in_record(pair("a", "b"))), "a pair b");

    let (one, float, purse) = callee::in_tuple((coin("a"), 0.5, Purse::new(coins())));
    assert_eq!((one.label().as_str(), float), ("a", 0.5));
    assert_eq!(purse.total().await, 3.0);

    let labels: Vec<String> = callee::in_list(coins()).iter().map(Coin::label).collect();
    assert_eq!(labels, ["a", "b", "c"]);
    assert!(callee::in_list(Vec::new()).is_empty());

    let some = callee::in_option(Some(coin("a")));
    assert_eq!(some.map(|coin| coin.label()).as_deref(), Some("a"));
    assert!(callee::in_option(None).is_none());

    let ok = callee::in_result(Ok(coin("a")));
    assert!(ok.is_ok_and(|coin| coin.label() == "a"));
    let error = callee::in_result(Err(Purse::new(coins())));
    assert_eq!(error.expect_err("a purse").total().await, 3.0);

    assert!(matches!(
        callee::in_variant(Either::Nothing),
        Either::Nothing
    ));
    let Either::Coin(one) = callee::in_variant(Either::Coin(coin("v"))) else {
        panic!("another case");
    };
    assert_eq!(one.label(), "v");
    let Either::Purse(another) = callee::in_variant(Either::Purse(Purse::new(coins()))) else {
        panic!("another case");
    };
    assert_eq!(another.total().await, 3.0);
    drop((purse, another));
    assert_eq!(
        (counts("purse"), counts("coin")),
        ((3, 3), (18, 16)),
        "two are here"
    );
}

/// An aggregate of them all.
type Nested = Vec<Option<Result<(Coin, Pair), Either>>>;

fn nested() -> Nested {
    vec![
        None,
        Some(Ok((coin("a"), pair("b", "c")))),
        Some(Err(Either::Purse(Purse::new(coins())))),
        Some(Err(Either::Nothing)),
        Some(Err(Either::Coin(coin("d")))),
    ]
}

fn labels(nested: &Nested) -> Vec<String> {
    let label = |item: &Option<Result<(Coin, Pair), Either>>| match item {
        None => "none".to_owned(),
        Some(Ok((coin, pair))) => format!("{} {}", coin.label(), pair_label(pair)),
        Some(Err(Either::Nothing)) => "nothing".to_owned(),
        Some(Err(Either::Coin(coin))) => coin.label(),
        Some(Err(Either::Purse(purse))) => {
            let last = purse.take().expect("a coin");
            let label = last.label();
            purse.put(last);
            format!("purse {label}")
        }
    };
    nested.iter().map(label).collect()
}

pub async fn nested_aggregates() {
    let expected = ["none", "a b pair c", "purse c", "nothing", "d"];
    let nested = callee::in_all(nested());
    assert_eq!(labels(&nested), expected);
    let nested = callee::in_all_later(nested).await;
    assert_eq!(labels(&nested), expected);
    assert_eq!((counts("purse"), counts("coin")), ((1, 0), (7, 0)));
    drop(nested);
    assert_eq!((counts("purse"), counts("coin")), ((1, 1), (7, 7)));
}

pub async fn lent_aggregates() {
    let (a, b) = (coin("a"), coin("b"));
    let name = "name of ".to_owned();
    assert_eq!(callee::lent_record(&Lent { one: &a, name }), "name of a");
    assert_eq!(callee::lent_tuple((&a, &b)), "ab");
    assert_eq!(callee::lent_tuple((&a, &a)), "aa");
    assert_eq!(callee::lent_list(&[&b, &a, &b]), "bab");
    assert_eq!(callee::lent_option(Some(&a)), "a");
    assert_eq!(callee::lent_option(None), "");
    assert_eq!(callee::lent_result(Ok(&b)), "b");
    assert_eq!(callee::lent_result(Err("error")), "error");
    assert_eq!(callee::lent_variant(&LentEither::Coin(&a)), "a");
    assert_eq!(callee::lent_variant(&LentEither::Nothing), "");
    assert_eq!(counts("coin"), (2, 0));
    drop((a, b));
    assert_eq!(counts("coin"), (2, 2));
}
