//! The host, through the wasip3 crate, which brings bindings of its own.

use futures::{join, poll};
use std::pin::pin;
use wasip3::cli::stdout::write_via_stream;
use wasip3::clocks::monotonic_clock::{now, wait_for};

const MILLISECOND: u64 = 1_000_000;

/// Two waits at once, then a line to standard output.
pub async fn awaits() {
    let start = now();
    join!(wait_for(2 * MILLISECOND), wait_for(MILLISECOND));
    assert!(now() - start >= 2 * MILLISECOND);

    let (mut writer, reader) = wasip3::wit_stream::new::<u8>();
    let written = write_via_stream(reader);
    let (result, ()) = join!(written.into_future(), async move {
        let left = writer.write_all(b"written through wasip3\n".to_vec()).await;
        assert!(left.is_empty(), "standard output takes everything");
    });
    result.expect("standard output is open");
}

/// A wait that would outlast the scenario.
pub async fn drops() {
    {
        let mut wait = pin!(wait_for(3_600_000 * MILLISECOND));
        assert!(poll!(wait.as_mut()).is_pending(), "an hour has not passed");
    }
    wait_for(MILLISECOND).await;
}
