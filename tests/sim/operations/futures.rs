//! Operations on the ends of futures.

use super::attempt::{Attempt, Outcome};
use crate::sim::items::Item;
use crate::sim::program::Program;
use crate::sim::stats::Kind;
use std::future::IntoFuture;
use wit_async::{FutureReader, FutureWriteCancel, FutureWriteError, FutureWriter};

pub async fn fulfil<T: Item>(
    program: &mut Program,
    serial: u32,
    writer: FutureWriter<T>,
) -> Option<FutureWriter<T>> {
    let (value, known) = program.make::<T>(serial);
    let (attempt, doubt) = Attempt::on::<T>(program, Kind::FutureWrite, "fulfil", serial);
    let outcome = attempt
        .cancellable(writer.write(value), |operation| operation.cancel())
        .await;
    let (back, writer) = match outcome {
        Outcome::Finished(Ok(())) | Outcome::Cancelled(FutureWriteCancel::AlreadySent) => {
            doubt.told(&[known]);
            return None;
        }
        Outcome::Finished(Err(FutureWriteError { value }))
        | Outcome::Cancelled(FutureWriteCancel::Dropped(value)) => (value, None),
        Outcome::Cancelled(FutureWriteCancel::Cancelled(value, writer)) => (value, Some(writer)),
        Outcome::Unknown => return None,
    };
    doubt.settled();
    assert_eq!(back.number(), known, "what was not sent comes back");
    // Not at the end of the scope: see `survive`.
    match crate::host::has_left(serial) {
        true => drop(back),
        false => program.keep(vec![back]),
    }
    writer
}

pub async fn receive<T: Item>(
    program: &mut Program,
    serial: u32,
    reader: FutureReader<T>,
) -> Option<FutureReader<T>> {
    let (attempt, doubt) = Attempt::on::<T>(program, Kind::FutureRead, "receive", serial);
    let outcome = attempt
        .cancellable(reader.into_future(), |operation| operation.cancel())
        .await;
    let value = match outcome {
        Outcome::Finished(value) | Outcome::Cancelled(Ok(value)) => value,
        Outcome::Cancelled(Err(reader)) => {
            doubt.settled();
            return Some(reader);
        }
        Outcome::Unknown => return None,
    };
    doubt.received([value.number()]);
    program.keep(vec![value]);
    None
}

/// The same by reference: the end stays until there is a value.
pub async fn receive_by_reference<T: Item>(
    program: &mut Program,
    serial: u32,
    mut reader: FutureReader<T>,
) -> Option<FutureReader<T>> {
    let (attempt, doubt) = Attempt::on::<T>(program, Kind::FutureRead, "await", serial);
    let doubt = doubt.by_reference();
    let forgets = attempt.forgets();
    let operation = (&mut reader).into_future();
    let outcome = attempt
        .cancellable(operation, |operation| operation.cancel())
        .await;
    let value = match outcome {
        Outcome::Finished(value) | Outcome::Cancelled(Some(value)) => value,
        Outcome::Cancelled(None) => {
            doubt.settled();
            return Some(reader);
        }
        // What a forgotten read got nobody has.
        Outcome::Unknown => return (!forgets).then_some(reader),
    };
    doubt.received([value.number()]);
    program.keep(vec![value]);
    None
}
