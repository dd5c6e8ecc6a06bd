//! Operations that are leaked in flight: what the host may still use stays lent to it.

use guest_support::leaves_blocks;

use crate::program;

pub async fn forgotten_read_then_read() {
    leaves_blocks(1);
    program::forgotten_read_then_read().await;
}

pub async fn forgotten_read_then_dropped() {
    leaves_blocks(1);
    program::forgotten_read_then_dropped().await;
}

pub async fn forgotten_read_then_handed_away() {
    leaves_blocks(1);
    program::forgotten_read_then_handed_away().await;
}

pub async fn forgotten_write_then_write() {
    leaves_blocks(1);
    program::forgotten_write_then_write().await;
}

pub async fn forgotten_write_then_dropped() {
    leaves_blocks(1);
    program::forgotten_write_then_dropped().await;
}

pub async fn forgotten_read_then_told_of_the_end() {
    leaves_blocks(1);
    program::forgotten_read_then_told_of_the_end().await;
}

pub async fn forgotten_read_that_moved() {
    leaves_blocks(1);
    program::forgotten_read_that_moved().await;
}
