//! A resource whose methods take and return values of many types.

use guest_support::ledger::Booked;

use super::{FutureReader, GATES, StreamReader, a_while, spawn_local, wit, wit_future, wit_stream};

/// A coin.
#[derive(Debug)]
pub struct Coin {
    label: String,
    value: f64,
    _booked: Booked,
}

impl Coin {
    fn of(label: String, value: f64) -> Coin {
        Coin {
            label,
            value,
            _booked: Booked::new("coin"),
        }
    }

    fn copy(&self) -> wit::Coin {
        wit::Coin::new(Coin::of(self.label.clone(), self.value))
    }
}

pub fn label(coin: &wit::Coin) -> String {
    coin.get::<Coin>().label.clone()
}

pub fn value(coin: &wit::Coin) -> f64 {
    coin.get::<Coin>().value
}

pub fn lent_label(coin: &wit::CoinBorrow<'_>) -> String {
    coin.get::<Coin>().label.clone()
}

impl wit::GuestCoin for Coin {
    fn new(label: String, value: f64) -> Coin {
        Coin::of(label, value)
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn value(&self) -> f64 {
        self.value
    }

    fn words(&self, prefixes: Vec<String>) -> Vec<String> {
        let words = prefixes.into_iter().map(|prefix| prefix + &self.label);
        words.collect()
    }

    fn split(&self, shares: Vec<f32>) -> Vec<wit::Coin> {
        let part = |share: f32| Coin::of(self.label.clone(), self.value * f64::from(share));
        shares.into_iter().map(part).map(wit::Coin::new).collect()
    }

    fn add(first: wit::CoinBorrow<'_>, second: wit::CoinBorrow<'_>) -> wit::Coin {
        let (first, second) = (first.get::<Coin>(), second.get::<Coin>());
        let label = format!("{}{}", first.label, second.label);
        wit::Coin::new(Coin::of(label, first.value + second.value))
    }

    async fn hold(&self) -> String {
        let released = GATES.with_borrow_mut(|gates| gates.wait(0));
        released.await.expect("nobody drops the gates");
        self.label.clone()
    }

    async fn copies(&self, count: u32) -> StreamReader<wit::Coin> {
        let (mut writer, reader) = wit_stream::new();
        let coins = (0..count).map(|_| self.copy()).collect();
        spawn_local(async move {
            // What nobody takes comes back, and is destroyed here.
            drop(writer.write_all(coins).await);
        });
        reader
    }

    async fn twin(&self) -> FutureReader<wit::Coin> {
        let (writer, reader) = wit_future::new(|| unreachable!("the coin is written"));
        let coin = self.copy();
        spawn_local(async move {
            a_while().await;
            drop(writer.write(coin).await);
        });
        reader
    }

    async fn last(mut coins: StreamReader<wit::Coin>) -> (Vec<String>, Option<wit::Coin>) {
        let (mut labels, mut last) = (Vec::new(), None);
        while let Some(coin) = coins.next().await {
            labels.push(label(&coin));
            last = Some(coin);
        }
        (labels, last)
    }
}
