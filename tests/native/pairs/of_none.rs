//! What belongs to no task hears of the other end without one.

use super::*;

/// A host like wasmtime, on which synchronous code leaves operations alone.
fn leaves_alone() -> Installed {
    host::install_with(Rules {
        no_cancel_in_sync_task: true,
        ..Rules::default()
    })
}

/// Both ends have gone, before any task gets a turn, which then finds nothing to do.
fn is_over(host: &Installed) {
    let is_end = |handle: &String| handle.contains(" end of ");
    let handles = host.handles();
    assert!(!handles.iter().any(is_end), "{handles:#?}");
    assert!(host.start(async {}).has_exited());
}

/// Begins an operation in synchronous code and drops it, which leaves it alone.
fn begins_and_drops(mut future: Left) {
    block_on(async { assert!(poll_once(&mut future).await.is_pending()) });
    drop(future);
}

#[test]
fn a_write_of_no_task_ends_with_the_reader() {
    let host = leaves_alone();
    let (mut writer, reader) = stream::<String>();
    host.call_sync(|| {
        begins_and_drops(Box::pin(async move {
            writer.write_all(texts(1)).await;
        }));
        drop(reader);
    });
    is_over(&host);
}

#[test]
fn a_read_of_no_task_ends_with_the_writer() {
    let host = leaves_alone();
    let (writer, mut reader) = stream::<String>();
    host.call_sync(|| {
        begins_and_drops(Box::pin(async move {
            reader.next().await;
        }));
        drop(writer);
    });
    is_over(&host);
}

#[test]
fn a_write_of_no_task_ends_when_the_reader_is_handed_away() {
    let host = leaves_alone();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.call_sync(|| {
        begins_and_drops(Box::pin(async move {
            writer.write_all(texts(1)).await;
        }));
        host::lift_stream(reader)
    });
    // Its values are given back to nobody.
    assert_eq!(peer.read(1), Outcome::Dropped(0));
    is_over(&host);
}

#[test]
fn a_default_of_no_task_ends_with_the_reader() {
    let host = leaves_alone();
    let (writer, reader) = future(|| "default".to_owned());
    host.call_sync(|| drop(writer));
    host.call_sync(|| drop(reader));
    is_over(&host);
}

#[test]
fn a_read_of_no_task_gets_the_default() {
    let host = leaves_alone();
    let (writer, reader) = future(|| "default".to_owned());
    host.call_sync(|| {
        begins_and_drops(Box::pin(async move {
            reader.await;
        }));
    });
    host.call_sync(|| drop(writer));
    is_over(&host);
}
