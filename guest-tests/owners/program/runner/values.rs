//! Constructors, methods and static functions.

use super::{Coin, Purse, coins, counts};

pub async fn floats_strings_and_lists() {
    let value = -1.5e300;
    let coin = Coin::new("Münze", value);
    assert_eq!(coin.label(), "Münze");
    assert_eq!(coin.value().to_bits(), value.to_bits());
    assert_eq!(Coin::new("", f64::INFINITY).value(), f64::INFINITY);
    assert!(Coin::new("", f64::NAN).value().is_nan());
    assert_eq!(Coin::new("", -0.0).value().to_bits(), (-0.0_f64).to_bits());
    let prefixes = ["eine ", "", "zwei "].map(str::to_owned);
    let words = ["eine Münze", "Münze", "zwei Münze"].map(str::to_owned);
    assert_eq!(coin.words(&prefixes), words);
    assert!(coin.words(&[]).is_empty());

    let parts = coin.split(&[0.5, 0.25, 0.25]);
    let values: Vec<f64> = parts.iter().map(Coin::value).collect();
    assert_eq!(values, [value * 0.5, value * 0.25, value * 0.25]);
    drop(coin);
    assert_eq!(parts[2].label(), "Münze", "a part lives on");
    drop(parts);
    assert_eq!(counts("coin"), (7, 7));
}

pub async fn several_resources() {
    let purse = Purse::new(coins());
    purse.put(Coin::new("d", 2.5));
    assert_eq!(purse.total().await, 5.5);
    let last = purse.take().expect("there are four");
    assert_eq!(last.label(), "d");
    let rest = Purse::empty(purse);
    assert_eq!((counts("purse"), counts("coin")), ((1, 1), (4, 0)));
    let labels: Vec<String> = rest.iter().map(Coin::label).collect();
    assert_eq!(labels, ["a", "b", "c"]);
    drop((last, rest));
    assert_eq!(counts("coin"), (4, 4));

    drop(Purse::new(coins()));
    assert_eq!(counts("coin"), (7, 7), "they die with their purse");
    assert!(Purse::new(Vec::new()).take().is_none());
}

pub async fn two_borrows() {
    let (a, b) = (Coin::new("a", 1.0), Coin::new("b", 0.5));
    let sum = Coin::add(&a, &b);
    assert_eq!((sum.label().as_str(), sum.value()), ("ab", 1.5));
    let twice = Coin::add(&sum, &sum);
    assert_eq!((twice.label().as_str(), twice.value()), ("abab", 3.0));
    drop((a, b, sum));
    assert_eq!(counts("coin"), (4, 3));
    assert_eq!(twice.label(), "abab");
}
