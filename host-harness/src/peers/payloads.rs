//! The host as the peer of the payload scenarios: `wit/payloads`.
//!
//! It does what the guest `payloads-peer` does. Each interface is the same
//! set of functions for another payload, so they are registered by one generic
//! function instead of generated once for each.

pub(super) mod reading;
mod types;
pub(super) mod writing;

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use wasmtime::component::{
    ComponentNamedList, FutureReader, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType,
    StreamReader,
};
use wasmtime::error::Context as _;
use wasmtime::{Result, StoreContextMut};

use crate::host;
use reading::StreamEnd;
use types::{Enum, Flags, Record, RecordOfEnds, Variant, ZeroSized};
use writing::WriteEnd;

/// What streams and futures carry here.
pub trait Payload: Lift + Lower + Debug + Send + Sync + 'static {}

impl<T: Lift + Lower + Debug + Send + Sync + 'static> Payload for T {}

/// What the host holds for the guests of one store.
#[derive(Debug, Default)]
pub struct State {
    /// For each interface its [`Ends`].
    ends: HashMap<&'static str, Box<dyn Any + Send>>,
    /// The numbers of the tokens that were made and not dropped.
    tokens: BTreeMap<u32, u32>,
    made: u32,
}

/// The ends of one payload that the host holds.
#[derive(Debug)]
struct Ends<T> {
    stream_reader: Option<StreamEnd<T>>,
    stream_writer: Option<WriteEnd<T>>,
    future_reader: Option<FutureReader<T>>,
    future_writer: Option<WriteEnd<T>>,
}

impl<T> Default for Ends<T> {
    fn default() -> Ends<T> {
        Ends {
            stream_reader: None,
            stream_writer: None,
            future_reader: None,
            future_writer: None,
        }
    }
}

fn ends<'a, T: Payload>(state: &'a mut host::State, peer: &'static str) -> Result<&'a mut Ends<T>> {
    let ends = state.peers.payloads.ends.entry(peer);
    let ends = ends.or_insert_with(|| Box::new(Ends::<T>::default()));
    ends.downcast_mut().context("an interface has one payload")
}

/// Takes an end, or says what the guest got wrong.
fn take<E>(place: &mut Option<E>, what: &str) -> Result<E> {
    place
        .take()
        .with_context(|| format!("the host holds no idle {what}: give it one first"))
}

/// The interfaces of this module.
pub const INTERFACES: &[&str] = &[
    "test:payloads/peers",
    "test:payloads/u8-peer",
    "test:payloads/u32-peer",
    "test:payloads/s64-peer",
    "test:payloads/f64-peer",
    "test:payloads/bool-peer",
    "test:payloads/char-peer",
    "test:payloads/string-peer",
    "test:payloads/bytes-peer",
    "test:payloads/nested-list-peer",
    "test:payloads/record-peer",
    "test:payloads/tuple-peer",
    "test:payloads/variant-peer",
    "test:payloads/enum-peer",
    "test:payloads/flags-peer",
    "test:payloads/option-peer",
    "test:payloads/result-peer",
    "test:payloads/resource-peer",
    "test:payloads/stream-end-peer",
    "test:payloads/future-end-peer",
    "test:payloads/record-of-ends-peer",
    "test:payloads/list-of-ends-peer",
    "test:payloads/unit-peer",
    "test:payloads/zero-sized-peer",
];

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> Result<()> {
    let mut peers = linker.instance("test:payloads/peers@0.1.0")?;
    peers.func_wrap("which", |_, ()| Ok((types::Kind::Host,)))?;

    add::<u8>(linker, "u8-peer")?;
    add::<u32>(linker, "u32-peer")?;
    add::<i64>(linker, "s64-peer")?;
    add::<f64>(linker, "f64-peer")?;
    add::<bool>(linker, "bool-peer")?;
    add::<String>(linker, "string-peer")?;
    add::<Vec<u8>>(linker, "bytes-peer")?;
    add::<Vec<Vec<String>>>(linker, "nested-list-peer")?;
    add::<Record>(linker, "record-peer")?;
    add::<(u8, String, u64)>(linker, "tuple-peer")?;
    add::<Variant>(linker, "variant-peer")?;
    add::<Enum>(linker, "enum-peer")?;
    add::<Flags>(linker, "flags-peer")?;
    add::<Option<String>>(linker, "option-peer")?;
    add::<Result<u32, String>>(linker, "result-peer")?;
    add::<Resource<Token>>(linker, "resource-peer")?;
    add::<StreamReader<u8>>(linker, "stream-end-peer")?;
    add::<FutureReader<u32>>(linker, "future-end-peer")?;
    add::<RecordOfEnds>(linker, "record-of-ends-peer")?;
    add::<Vec<(StreamReader<u8>, FutureReader<u32>)>>(linker, "list-of-ends-peer")?;
    add::<ZeroSized>(linker, "zero-sized-peer")?;

    // There is no stream of characters.
    futures::<char>(&mut instance(linker, "char-peer")?, "char-peer")?;
    units(&mut instance(linker, "unit-peer")?, "unit-peer")?;
    tokens(&mut instance(linker, "resource-peer")?)
}

fn instance<'a>(
    linker: &'a mut Linker<host::State>,
    peer: &str,
) -> Result<LinkerInstance<'a, host::State>> {
    linker.instance(&format!("test:payloads/{peer}@0.1.0"))
}

/// All functions of an interface, for payloads that fit into lists.
fn add<T: Payload>(linker: &mut Linker<host::State>, peer: &'static str) -> Result<()> {
    let mut instance = instance(linker, peer)?;
    streams::<T, _, _>(
        &mut instance,
        peer,
        |(items,): (Vec<T>,)| items,
        |items, gone| ((items, gone),),
    )?;
    futures::<T>(&mut instance, peer)
}

/// The functions of streams. What a list of items is, the caller says.
fn streams<T: Payload, Items, Answer>(
    instance: &mut LinkerInstance<'_, host::State>,
    peer: &'static str,
    items: impl Fn(Items) -> Vec<T> + Copy + Send + Sync + 'static,
    answer: impl Fn(Vec<T>, bool) -> Answer + Copy + Send + Sync + 'static,
) -> Result<()>
where
    Items: ComponentNamedList + Lift + Send + 'static,
    Answer: ComponentNamedList + Lower + Send + 'static,
{
    instance.func_wrap_concurrent(
        "keep-stream",
        move |accessor, (reader,): (StreamReader<T>,)| {
            Box::pin(async move {
                accessor.with(|mut access| {
                    let ends = ends::<T>(access.data_mut(), peer)?;
                    ends.stream_reader = Some(StreamEnd::Untouched(reader));
                    Ok(())
                })
            })
        },
    )?;
    instance.func_wrap_concurrent("read-stream", move |accessor, (most,): (u32,)| {
        Box::pin(async move {
            let shared = accessor.with(|mut access| {
                let ends = ends::<T>(access.data_mut(), peer)?;
                take(&mut ends.stream_reader, "stream reader")?.read(access, most)
            })?;
            let (items, gone) = reading::received(&shared).await;
            accessor.with(|mut access| {
                ends::<T>(access.data_mut(), peer)?.stream_reader = Some(StreamEnd::Piped(shared));
                Ok(answer(items, gone))
            })
        })
    })?;
    instance.func_wrap_concurrent("drop-stream-reader", move |accessor, ()| {
        Box::pin(async move {
            accessor.with(|mut access| {
                let ends = ends::<T>(access.data_mut(), peer)?;
                take(&mut ends.stream_reader, "stream reader")?.close(access)
            })
        })
    })?;
    instance.func_wrap_concurrent("open-stream", move |accessor, ()| {
        Box::pin(async move {
            accessor.with(|mut access| {
                let (writer, reader) = WriteEnd::<T>::stream(&mut access)?;
                ends::<T>(access.data_mut(), peer)?.stream_writer = Some(writer);
                Ok((reader,))
            })
        })
    })?;
    instance.func_wrap_concurrent("write-stream", move |accessor, list: Items| {
        Box::pin(async move {
            let writer = accessor.with(|mut access| {
                take(
                    &mut ends::<T>(access.data_mut(), peer)?.stream_writer,
                    "stream writer",
                )
            })?;
            let (unsent, gone) = writer.write(items(list)).await;
            accessor.with(|mut access| {
                ends::<T>(access.data_mut(), peer)?.stream_writer = Some(writer);
                Ok(answer(unsent, gone))
            })
        })
    })?;
    instance.func_wrap_concurrent("drop-stream-writer", move |accessor, ()| {
        Box::pin(async move {
            accessor.with(|mut access| {
                let ends = ends::<T>(access.data_mut(), peer)?;
                take(&mut ends.stream_writer, "stream writer")?.close();
                Ok(())
            })
        })
    })
}

/// The functions of futures.
fn futures<T: Payload>(
    instance: &mut LinkerInstance<'_, host::State>,
    peer: &'static str,
) -> Result<()> {
    future_ends::<T>(instance, peer)?;
    instance.func_wrap_concurrent("read-future", move |accessor, ()| {
        Box::pin(async move {
            let shared = accessor.with(|mut access| {
                let ends = ends::<T>(access.data_mut(), peer)?;
                reading::read_future(take(&mut ends.future_reader, "future reader")?, access)
            })?;
            Ok((reading::value(&shared).await,))
        })
    })?;
    instance.func_wrap_concurrent("write-future", move |accessor, (value,): (T,)| {
        Box::pin(async move {
            let writer = accessor.with(|mut access| {
                take(
                    &mut ends::<T>(access.data_mut(), peer)?.future_writer,
                    "future writer",
                )
            })?;
            let (mut unsent, _) = writer.write(vec![value]).await;
            Ok((unsent.pop(),))
        })
    })
}

/// The functions of futures that do not name the payload.
fn future_ends<T: Payload>(
    instance: &mut LinkerInstance<'_, host::State>,
    peer: &'static str,
) -> Result<()> {
    instance.func_wrap_concurrent(
        "keep-future",
        move |accessor, (reader,): (FutureReader<T>,)| {
            Box::pin(async move {
                accessor.with(|mut access| {
                    ends::<T>(access.data_mut(), peer)?.future_reader = Some(reader);
                    Ok(())
                })
            })
        },
    )?;
    instance.func_wrap_concurrent("drop-future-reader", move |accessor, ()| {
        Box::pin(async move {
            accessor.with(|mut access| {
                let ends = ends::<T>(access.data_mut(), peer)?;
                take(&mut ends.future_reader, "future reader")?.close(access)
            })
        })
    })?;
    instance.func_wrap_concurrent("open-future", move |accessor, ()| {
        Box::pin(async move {
            accessor.with(|mut access| {
                let (writer, reader) = WriteEnd::<T>::future(&mut access)?;
                ends::<T>(access.data_mut(), peer)?.future_writer = Some(writer);
                Ok((reader,))
            })
        })
    })
}

/// The functions of a payload of nothing: a list of it is a number.
fn units(instance: &mut LinkerInstance<'_, host::State>, peer: &'static str) -> Result<()> {
    streams::<(), _, _>(
        instance,
        peer,
        |(count,): (u32,)| vec![(); count as usize],
        |items, gone| ((u32::try_from(items.len()).unwrap_or(u32::MAX), gone),),
    )?;
    future_ends::<()>(instance, peer)?;
    instance.func_wrap_concurrent("read-future", move |accessor, ()| {
        Box::pin(async move {
            let shared = accessor.with(|mut access| {
                let ends = ends::<()>(access.data_mut(), peer)?;
                reading::read_future(take(&mut ends.future_reader, "future reader")?, access)
            })?;
            reading::value(&shared).await;
            Ok(())
        })
    })?;
    instance.func_wrap_concurrent("write-future", move |accessor, ()| {
        Box::pin(async move {
            let writer = accessor.with(|mut access| {
                take(
                    &mut ends::<()>(access.data_mut(), peer)?.future_writer,
                    "future writer",
                )
            })?;
            let (_, gone) = writer.write(vec![()]).await;
            Ok((gone,))
        })
    })
}

/// The resource of the host.
struct Token;

fn tokens(instance: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    fn state<'a>(store: &'a mut StoreContextMut<'_, host::State>) -> &'a mut State {
        &mut store.data_mut().peers.payloads
    }
    instance.resource("token", ResourceType::host::<Token>(), |mut store, rep| {
        state(&mut store)
            .tokens
            .remove(&rep)
            .context("a token is dropped once")?;
        Ok(())
    })?;
    instance.func_wrap("[constructor]token", |mut store, (number,): (u32,)| {
        let state = state(&mut store);
        state.made += 1;
        state.tokens.insert(state.made, number);
        Ok((Resource::<Token>::new_own(state.made),))
    })?;
    instance.func_wrap(
        "[method]token.number",
        |mut store, (token,): (Resource<Token>,)| {
            let number = state(&mut store).tokens.get(&token.rep());
            Ok((*number.context("a token that was not dropped")?,))
        },
    )?;
    instance.func_wrap("live", |mut store, ()| {
        Ok((u32::try_from(state(&mut store).tokens.len())?,))
    })
}
