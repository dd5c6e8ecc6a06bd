//! Streams and futures of boxes.

use wasmtime::component::{
    Accessor, AccessorTask, FutureReader, HasSelf, LinkerInstance, StreamReader,
};
use wasmtime::{AsContextMut, Result};

use super::types::Problem;
use super::{Boxed, number, put};
use crate::host;
use crate::opaque;
use crate::peers::payloads::reading::{self, StreamEnd};
use crate::peers::payloads::writing::WriteEnd;

type HostAccessor = Accessor<host::State, HasSelf<host::State>>;

pub(super) fn add_to_linker(boxes: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    boxes.func_wrap_concurrent("send", |accessor, (numbers,): (Vec<u64>,)| {
        Box::pin(async move {
            let (writer, reader) = accessor.with(|mut access| WriteEnd::stream(&mut access))?;
            accessor.spawn(Sender { numbers, writer })?;
            Ok((reader,))
        })
    })?;
    boxes.func_wrap_concurrent(
        "receive",
        |accessor, (boxes, most): (StreamReader<Boxed>, u32)| {
            Box::pin(async move {
                let end = StreamEnd::Untouched(boxes);
                let shared = accessor.with(|access| end.read(access, most))?;
                let (items, _) = reading::received(&shared).await;
                accessor.with(|mut access| {
                    StreamEnd::Piped(shared).close(&mut access)?;
                    let numbers = items.into_iter().map(|it| {
                        let found = consume(&mut access, it)?;
                        found.map_err(|problem| wasmtime::format_err!("{problem:?}"))
                    });
                    Ok((numbers.collect::<Result<Vec<u64>>>()?,))
                })
            })
        },
    )?;
    boxes.func_wrap_concurrent("send-one", |accessor, (number,): (u64,)| {
        Box::pin(async move {
            let (writer, reader) = accessor.with(|mut access| WriteEnd::future(&mut access))?;
            let numbers = vec![number];
            accessor.spawn(Sender { numbers, writer })?;
            Ok((reader,))
        })
    })?;
    boxes.func_wrap_concurrent("receive-one", |accessor, (it,): (FutureReader<Boxed>,)| {
        Box::pin(async move {
            let shared = accessor.with(|access| reading::read_future(it, access))?;
            let it = reading::value(&shared).await;
            Ok((accessor.with(|access| consume(access, it))?,))
        })
    })
}

/// Reads a number, and releases the box.
fn consume(
    mut store: impl AsContextMut<Data = host::State>,
    it: Boxed,
) -> Result<Result<u64, Problem>> {
    let found = number(&mut store, &it)?;
    opaque::release(store, it)?;
    Ok(found)
}

/// Writes boxes until the reader is gone, and releases those that it did not take.
struct Sender {
    numbers: Vec<u64>,
    writer: WriteEnd<Boxed>,
}

impl AccessorTask<host::State> for Sender {
    async fn run(self, accessor: &HostAccessor) -> Result<()> {
        let numbers = self.numbers.into_iter();
        let mut boxes = accessor.with(|mut access| {
            let boxes = numbers.map(|number| put(&mut access, number));
            boxes.collect::<Result<Vec<_>, _>>()
        })?;
        let mut gone = false;
        while !boxes.is_empty() && !gone {
            (boxes, gone) = self.writer.write(boxes).await;
        }
        self.writer.close();
        accessor.with(|mut access| {
            let mut left = boxes.into_iter();
            left.try_for_each(|it| opaque::release(&mut access, it))
        })?;
        Ok(())
    }
}
