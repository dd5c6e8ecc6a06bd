//! A program that the wasip3 crate exports: the executor of its task is the one
//! of that crate.

use crate::{Interop, spawns, wasi};
use interop_own::bindings::exports::test::interop::agenda::{self, Exercise};
use std::cell::Cell;

thread_local! {
    static NEXT: Cell<Option<Exercise>> = const { Cell::new(None) };
}

impl agenda::Guest for Interop {
    fn set(next: Exercise) {
        NEXT.set(Some(next));
    }
}

impl wasip3::exports::cli::run::Guest for Interop {
    async fn run() -> Result<(), ()> {
        match NEXT.take().ok_or(())? {
            Exercise::AwaitsOwn => interop_own::exercise::awaits().await,
            Exercise::StreamsOwn => interop_own::exercise::streams().await,
            Exercise::DropsOwn => interop_own::exercise::drops().await,
            Exercise::AwaitsV63 => interop_v63::exercise::awaits().await,
            Exercise::StreamsV63 => interop_v63::exercise::streams().await,
            Exercise::DropsV63 => interop_v63::exercise::drops().await,
            Exercise::AwaitsV60 => interop_v60::exercise::awaits().await,
            Exercise::StreamsV60 => interop_v60::exercise::streams().await,
            Exercise::DropsV60 => interop_v60::exercise::drops().await,
            Exercise::AwaitsV58 => interop_v58::exercise::awaits().await,
            Exercise::StreamsV58 => interop_v58::exercise::streams().await,
            Exercise::DropsV58 => interop_v58::exercise::drops().await,
            Exercise::AwaitsWasip3 => wasi::awaits().await,
            Exercise::DropsWasip3 => wasi::drops().await,
            Exercise::SpawnsOwn => spawns::own().await,
            Exercise::SpawnsV63 => spawns::v63().await,
            Exercise::SpawnsWasip3 => spawns::wasip3().await,
        }
        Ok(())
    }
}
