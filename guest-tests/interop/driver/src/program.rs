//! The component as a program, which the wasip3 crate exports.

use crate::Driver;
use crate::bindings::exports::test::interop::scenarios_wasip3::Guest;
use crate::bindings::test::interop::agenda::{self, Exercise};
use crate::bindings::wasi::cli::run;

async fn does(exercise: Exercise) {
    agenda::set(exercise);
    run::run().await.expect("it was told what to do");
}

impl Guest for Driver {
    async fn awaits_own() {
        does(Exercise::AwaitsOwn).await;
    }
    async fn streams_own() {
        does(Exercise::StreamsOwn).await;
    }
    async fn drops_own() {
        does(Exercise::DropsOwn).await;
    }
    async fn awaits_v63() {
        does(Exercise::AwaitsV63).await;
    }
    async fn streams_v63() {
        does(Exercise::StreamsV63).await;
    }
    async fn drops_v63() {
        does(Exercise::DropsV63).await;
    }
    async fn awaits_v60() {
        does(Exercise::AwaitsV60).await;
    }
    async fn streams_v60() {
        does(Exercise::StreamsV60).await;
    }
    async fn drops_v60() {
        does(Exercise::DropsV60).await;
    }
    async fn awaits_v58() {
        does(Exercise::AwaitsV58).await;
    }
    async fn streams_v58() {
        does(Exercise::StreamsV58).await;
    }
    async fn drops_v58() {
        does(Exercise::DropsV58).await;
    }
    async fn awaits_wasip3() {
        does(Exercise::AwaitsWasip3).await;
    }
    async fn drops_wasip3() {
        does(Exercise::DropsWasip3).await;
    }
    async fn spawns_own() {
        does(Exercise::SpawnsOwn).await;
    }
    async fn spawns_v63() {
        does(Exercise::SpawnsV63).await;
    }
    async fn spawns_wasip3() {
        does(Exercise::SpawnsWasip3).await;
    }
}
