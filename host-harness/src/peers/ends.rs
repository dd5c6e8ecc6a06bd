//! The host as the other end of streams and futures: `wit/ends`.
//!
//! It does what the guest `ends-relay` does.

use wasmtime::Result;
use wasmtime::component::{
    Accessor, AccessorTask, FutureReader, HasSelf, Linker, LinkerInstance, StreamReader,
};

use super::payloads::Payload;
use super::payloads::reading::{self, StreamEnd};
use super::payloads::writing::WriteEnd;
use crate::host;

/// The interfaces of this module.
pub const INTERFACES: &[&str] = &["test:ends/relay"];

/// How many bytes `pump` takes at once.
const CHUNK: u32 = 1000;

type HostAccessor = Accessor<host::State, HasSelf<host::State>>;

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> Result<()> {
    let mut relay = linker.instance("test:ends/relay@0.1.0")?;
    words(&mut relay)?;
    values(&mut relay)?;
    relay.func_wrap_concurrent("pump", |accessor, (bytes,): (StreamReader<u8>,)| {
        Box::pin(async move {
            let (writer, reader) = accessor.with(|mut access| WriteEnd::stream(&mut access))?;
            accessor.spawn(Pump { bytes, writer })?;
            Ok((reader,))
        })
    })?;
    relay.func_wrap_concurrent("ticks", |accessor, (count,): (u64,)| {
        Box::pin(async move {
            let units = vec![(); usize::try_from(count)?];
            Ok((accessor.with(|access| StreamReader::new(access, units))?,))
        })
    })?;
    relay.func_wrap_concurrent("count-ticks", |accessor, (ticks,): (StreamReader<()>,)| {
        Box::pin(async move {
            let units = take(accessor, ticks, usize::MAX).await?;
            Ok((units.len() as u64,))
        })
    })
}

fn words(relay: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    relay.func_wrap_concurrent("words", |accessor, (count,): (u32,)| {
        Box::pin(async move {
            let words: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            Ok((accessor.with(|access| StreamReader::new(access, words))?,))
        })
    })?;
    relay.func_wrap_concurrent(
        "collect-words",
        |accessor, (words,): (StreamReader<String>,)| {
            Box::pin(async move { Ok((take(accessor, words, usize::MAX).await?,)) })
        },
    )?;
    relay.func_wrap_concurrent(
        "take-words",
        |accessor, (words, count): (StreamReader<String>, u32)| {
            Box::pin(async move { Ok((take(accessor, words, count as usize).await?,)) })
        },
    )?;
    relay.func_wrap_concurrent(
        "drop-words",
        |accessor, (mut words, wait): (StreamReader<String>, bool)| {
            Box::pin(async move {
                perhaps_wait(wait).await;
                words.close_with(accessor)
            })
        },
    )?;
    relay.func_wrap_concurrent("pass-words", |_, (words,): (StreamReader<String>,)| {
        Box::pin(async move { Ok((words,)) })
    })
}

fn values(relay: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    relay.func_wrap_concurrent("value", |accessor, (text, wait): (String, bool)| {
        Box::pin(async move {
            let value = async move {
                perhaps_wait(wait).await;
                Ok::<String, wasmtime::Error>(text)
            };
            Ok((accessor.with(|access| FutureReader::new(access, value))?,))
        })
    })?;
    relay.func_wrap_concurrent(
        "read-value",
        |accessor, (value,): (FutureReader<String>,)| {
            Box::pin(async move {
                let shared = accessor.with(|access| reading::read_future(value, access))?;
                Ok((reading::value(&shared).await,))
            })
        },
    )?;
    relay.func_wrap_concurrent(
        "drop-value",
        |accessor, (mut value, wait): (FutureReader<String>, bool)| {
            Box::pin(async move {
                perhaps_wait(wait).await;
                value.close_with(accessor)
            })
        },
    )?;
    relay.func_wrap_concurrent("pass-value", |_, (value,): (FutureReader<String>,)| {
        Box::pin(async move { Ok((value,)) })
    })
}

/// How long "a while" is: long enough for the guest to see that something is
/// pending.
async fn perhaps_wait(wait: bool) {
    if wait {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}

/// Reads so many items, or to the end, and drops the readable end.
async fn take<T: Payload>(
    accessor: &HostAccessor,
    items: StreamReader<T>,
    count: usize,
) -> Result<Vec<T>> {
    let mut end = StreamEnd::Untouched(items);
    let mut taken = Vec::new();
    while taken.len() < count {
        let most = u32::try_from(count - taken.len()).unwrap_or(u32::MAX);
        let shared = accessor.with(|access| end.read(access, most))?;
        let (part, gone) = reading::received(&shared).await;
        end = StreamEnd::Piped(shared);
        taken.extend(part);
        if gone {
            break;
        }
    }
    accessor.with(|access| end.close(access))?;
    Ok(taken)
}

/// Reads bytes and writes them again.
struct Pump {
    bytes: StreamReader<u8>,
    writer: WriteEnd<u8>,
}

impl AccessorTask<host::State> for Pump {
    async fn run(self, accessor: &HostAccessor) -> Result<()> {
        let mut end = StreamEnd::Untouched(self.bytes);
        let mut reader_gone = false;
        while !reader_gone {
            let shared = accessor.with(|access| end.read(access, CHUNK))?;
            let (mut bytes, writer_gone) = reading::received(&shared).await;
            end = StreamEnd::Piped(shared);
            if writer_gone {
                break;
            }
            while !bytes.is_empty() && !reader_gone {
                (bytes, reader_gone) = self.writer.write(bytes).await;
            }
        }
        self.writer.close();
        accessor.with(|access| end.close(access))
    }
}
