//! Streams and futures (canonical-abi.md §2.2, §4.1, §4.2, §5.4).

use super::raw::{KINDS, Kind};
use super::row::{Row, row};
use crate::host::{Context, Host, Side, Site, Type};
use std::ptr;

const BLOCKED: u32 = u32::MAX;

/// Room for an item of any type.
type Memory = [u64; 4];

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for kind in KINDS {
        windows(&mut rows, kind);
        one_instance(&mut rows, kind);
        states(&mut rows, kind);
    }
    unwritten_futures(&mut rows);
    readers_that_have_exited(&mut rows);
    rows
}

/// What is lent.
fn windows(rows: &mut Vec<Row>, kind: Kind) {
    let items = move |host: &Host, ty, at: usize, items| {
        let (end, _) = kind.pair(host, ty);
        let at = ptr::without_provenance_mut(at);
        host.copy(kind.is_future, ty, kind.side, end, at, items);
    };
    if !kind.is_future {
        rows.push(row(
            Site::TooManyItems,
            kind.copies(),
            format!("268435456 items on handle {}", kind.index()),
            move |host| items(host, Type::Unit, 0, 1 << 28),
        ));
    }
    rows.push(row(
        Site::NotAligned,
        kind.copies(),
        "0x1002 for Word",
        move |host| items(host, Type::Word, 0x1002, 1),
    ));
    rows.push(row(
        Site::NotInMemory,
        kind.copies(),
        "1 times Byte at 0x0",
        move |host| items(host, Type::Byte, 0, 1),
    ));
    rows.push(row(
        Site::NotInMemory,
        kind.copies(),
        format!("1 times Word at {:#x}", usize::MAX - 3),
        move |host| items(host, Type::Word, usize::MAX - 3, 1),
    ));
}

/// This end comes second, and both are in one instance.
fn one_instance(rows: &mut Vec<Row>, kind: Kind) {
    let lengths: &[usize] = if kind.is_future { &[1] } else { &[0, 1] };
    for items in lengths.iter().copied() {
        rows.push(row(
            Site::OneInstance,
            kind.copies(),
            "Text was written and read by one instance",
            move |host| {
                let mut memory = Memory::default();
                let (end, other) = kind.pair(host, Type::Text);
                for (kind, end) in [(kind.other(), other), (kind, end)] {
                    let at = (&raw mut memory).cast();
                    host.copy(kind.is_future, Type::Text, kind.side, end, at, items);
                }
            },
        ));
    }
}

/// What can be done in which state.
fn states(rows: &mut Vec<Row>, kind: Kind) {
    let verb = kind.side.verb();
    let again = |state: &str| format!("{verb} of an end that is {state}");
    let no_cancel = format!("cancel of a {verb} that is not in flight");
    let in_flight = format!("drop of an end with a {verb} in flight");
    let [copies, cancels, drops] = [kind.copies(), kind.cancels(), kind.drops()];

    // Idle.
    rows.push(row(Site::NotCopying, &*cancels, &*no_cancel, move |host| {
        let (end, _) = kind.pair(host, Type::Unit);
        kind.cancel(host, end);
    }));
    // Copying, and once more when the result is undelivered.
    for done in [false, true] {
        let copying = move |host: &Host| {
            let (end, other) = kind.pair(host, Type::Unit);
            assert_eq!(kind.copy(host, end), BLOCKED);
            if done {
                assert_ne!(kind.other().copy(host, other), BLOCKED);
            }
            end
        };
        rows.push(row(
            Site::NotIdle,
            &*copies,
            again("Copying"),
            move |host| {
                let end = copying(host);
                kind.copy(host, end);
            },
        ));
        rows.push(row(Site::DropInFlight, &*drops, &*in_flight, move |host| {
            let end = copying(host);
            kind.drop_end(host, end);
        }));
    }
    // Cancelled before, and given back.
    rows.push(row(Site::NotCopying, &*cancels, &*no_cancel, move |host| {
        let (end, _) = kind.pair(host, Type::Unit);
        kind.copy(host, end);
        assert_eq!(kind.cancel(host, end), 2);
        kind.cancel(host, end);
    }));
    cancelling(rows, kind, [&again("Cancelling"), &no_cancel, &in_flight]);
    // Done.
    rows.push(row(Site::NotIdle, copies, again("Done"), move |host| {
        let end = done(host, kind);
        kind.copy(host, end);
    }));
    rows.push(row(Site::NotCopying, cancels, no_cancel, move |host| {
        let end = done(host, kind);
        kind.cancel(host, end);
    }));
}

/// A cancel waits, and a synchronous export is called.
fn cancelling(rows: &mut Vec<Row>, kind: Kind, [again, no_cancel, in_flight]: [&str; 3]) {
    let end = kind.index();
    rows.push(row(Site::NotIdle, kind.copies(), again, move |host| {
        let mut memory = Memory::default();
        let at = (&raw mut memory).cast();
        kind.cancel_slowly(host, &Context::new(false), move |host| {
            kind.copy_at(host, Type::Word, end, at);
        });
    }));
    let again = row(Site::NotCopying, kind.cancels(), no_cancel, move |host| {
        kind.cancel_slowly(host, &Context::new(false), move |host| {
            host.cancel_copy(kind.is_future, kind.side, end);
        });
    });
    // On others it is the cancel that a synchronous export must not do.
    rows.push(again.on(|rules| !rules.no_cancel_in_sync_task));
    rows.push(row(
        Site::DropInFlight,
        kind.drops(),
        in_flight,
        move |host| {
            kind.cancel_slowly(host, &Context::new(false), move |host| {
                host.drop_end(kind.is_future, kind.side, end);
            });
        },
    ));
}

/// An end that has come to its end: the other one is gone, or the value is here.
pub fn done(host: &Host, kind: Kind) -> u32 {
    let (end, other) = kind.pair(host, Type::Unit);
    if kind.is_future && kind.side == Side::Readable {
        kind.other().copy(host, other);
    } else {
        kind.other().drop_end(host, other);
    }
    assert_ne!(kind.copy(host, end), BLOCKED);
    end
}

/// The writable end of a future that goes away without a value.
fn unwritten_futures(rows: &mut Vec<Row>) {
    let writable = Kind::new(true, Side::Writable);
    type Before = fn(&Host, Kind, u32, u32);
    let ways: [Before; 3] = [
        |_, _, _, _| (),
        // The write was taken back.
        |host, writable, end, _| {
            writable.copy(host, end);
            writable.cancel(host, end);
        },
        // The reader is gone, and the writer was not told.
        |host, writable, _, other| writable.other().drop_end(host, other),
    ];
    for before in ways {
        rows.push(row(
            Site::FutureNotDone,
            writable.drops(),
            "drop of a future's writable end that was not written",
            move |host| {
                let (end, other) = writable.pair(host, Type::Unit);
                before(host, writable, end, other);
                writable.drop_end(host, end);
            },
        ));
    }
}

/// The task that reads has exited when something is written that is lowered.
fn readers_that_have_exited(rows: &mut Vec<Row>) {
    for is_future in [false, true] {
        let readable = Kind::new(is_future, Side::Readable);
        let by = readable.other().copies();
        let what = "the task that started the read has exited";
        let exited = row(Site::ReaderExited, by, what, move |host| {
            let mut memory = Memory::default();
            let (handle, mut peer) = match is_future {
                false => {
                    let (reader, peer) = host.incoming_stream::<String>();
                    (reader.take_handle(), peer)
                }
                true => {
                    let (reader, peer) = host.incoming_future::<String>();
                    (reader.take_handle(), peer)
                }
            };
            let task = host.start_entry(Context::new(false), || {
                let at = (&raw mut memory).cast();
                assert_eq!(readable.copy_at(host, Type::Text, handle, at), BLOCKED);
                0
            });
            assert!(task.has_exited());
            peer.send("too late".to_owned());
        });
        rows.push(exited.on(|rules| rules.results_need_task));
    }
}
