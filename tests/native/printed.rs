//! What things print of themselves: their name, and what tells them from others.

use crate::host::{self, future, stream};
use futures::FutureExt;
use std::fmt::Debug;
use wit_async::{Backpressure, JoinSet, Limiter, block_on, scope, spawn_local};

#[track_caller]
fn prints(thing: &dyn Debug, text: &str) {
    assert_eq!(format!("{thing:?}"), text);
}

#[test]
fn ends_print_their_handle() {
    let _host = host::install();
    let (writer, reader) = stream::<u32>();
    prints(&writer, "StreamWriter { handle: 2 }");
    prints(&reader, "StreamReader { handle: 1 }");
    prints(
        &reader.into_stream(),
        "StreamReaderStream { reader: StreamReader { handle: 1 }, ended: false }",
    );
    drop(writer);
    let (writer, reader) = future::<u32>(|| 0);
    prints(&writer, "FutureWriter { handle: 1 }");
    prints(&reader, "FutureReader { handle: 2 }");
}

#[test]
fn what_was_not_sent_says_so() {
    let host = host::install();
    let task = host.start(async {
        let (writer, reader) = future::<u32>(|| 0);
        drop(reader);
        let error = writer.write(1).await.expect_err("nobody reads");
        prints(&error, "FutureWriteError { .. }");
        assert_eq!(
            error.to_string(),
            "the value was not sent: the readable end of the future was dropped"
        );
        let (mut writer, reader) = stream::<u32>();
        drop(reader);
        let (_, rest) = writer.write(vec![1, 2]).await;
        prints(&rest, "AbiBuffer { sent: 0, remaining: 2 }");
    });
    assert!(task.has_exited());
}

#[test]
fn futures_and_guards_print_their_name() {
    let host = host::install();
    let limiter = Limiter::new(1);
    let admit = limiter.admit();
    prints(&admit, "Admit { .. }");
    let permit = admit.now_or_never().expect("it is free");
    prints(&permit, "Permit { .. }");
    prints(&limiter, "Limiter { limit: 1, admitted: 1, .. }");
    drop(permit);
    prints(&Backpressure::hold(), "Backpressure");
    prints(&JoinSet::<()>::new(), "JoinSet { .. }");
    let task = host.start(async {
        prints(&spawn_local(async {}), "JoinHandle { .. }");
        prints(&spawn_local(async {}).abort_on_drop(), "AbortOnDrop { .. }");
    });
    assert!(task.has_exited());
    block_on(scope(async |s| {
        prints(&s, "Scope { .. }");
        prints(&s.spawn(async {}), "ScopedJoinHandle { .. }");
    }));
}
