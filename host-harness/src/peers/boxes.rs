//! The host hands out boxes: `wit/boxes`.
//!
//! Each value in a box is in the books as a [`VALUE`], so that a scenario fails in which one
//! is dropped twice, or not at all.

mod ends;
mod types;

use futures::channel::oneshot;
use wasmtime::component::{Linker, LinkerInstance, Resource};
use wasmtime::{AnyRef, AsContextMut, ExternRef, I31, Result, RootScope};

use crate::host;
use crate::ledger::Held;
use crate::opaque::{self, Error, HostBox};
use types::{Access, Figures, Nothing, Problem};

/// What a value in a box is called in the books.
pub const VALUE: &str = "value in a box";

/// The interfaces of this module.
pub const INTERFACES: &[&str] = &["test:boxes/boxes"];

/// What the host keeps for the guests of one store.
#[derive(Debug, Default)]
pub struct State {
    kept: Vec<Resource<HostBox>>,
    /// Lets the call go that has a value exclusively.
    held: Option<oneshot::Sender<()>>,
}

/// A value in a box.
#[derive(Debug)]
pub struct Value<T> {
    /// What the guest has asked for.
    pub value: T,
    _booked: Held,
}

type Boxed = Resource<HostBox>;

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> Result<()> {
    let mut boxes = linker.instance("test:boxes/boxes@0.1.0")?;
    opaque::add_to_linker(&mut boxes, "box")?;
    making(&mut boxes)?;
    looking(&mut boxes)?;
    giving(&mut boxes)?;
    ends::add_to_linker(&mut boxes)?;
    boxes.func_wrap("collect", |store, ()| Ok(opaque::collect(store)?))?;
    boxes.func_wrap("measure", |mut store, ()| {
        let memory = store.data().memory.total as u64;
        let entries = store.data_mut().resources() as u64;
        let resident = types::resident();
        Ok((Figures {
            entries,
            memory,
            resident,
        },))
    })
}

/// A box with a value that is in the books.
///
/// # Errors
///
/// As [`opaque::put`].
pub fn put<T: Send + Sync + 'static>(
    mut store: impl AsContextMut<Data = host::State>,
    value: T,
) -> Result<Boxed, Error> {
    let ledger = &store.as_context_mut().data().ledger.clone();
    let value = Value {
        value,
        _booked: ledger.hold(VALUE),
    };
    opaque::put(store, value)
}

fn making(boxes: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    boxes.func_wrap("text", |store, (text,): (String,)| Ok((put(store, text)?,)))?;
    boxes.func_wrap("number", |store, (number,): (u64,)| {
        Ok((put(store, number)?,))
    })?;
    boxes.func_wrap("empty", |mut store, (reference,): (Nothing,)| {
        let made = match reference {
            Nothing::Null => opaque::wrap(store, None),
            Nothing::Number => {
                let mut scope = RootScope::new(&mut store);
                let number = AnyRef::from_i31(&mut scope, I31::wrapping_u32(7));
                let number = ExternRef::convert_any(&mut scope, number)?;
                opaque::wrap(scope, Some(number))
            }
        };
        Ok((made?,))
    })
}

/// The number in a box.
fn number(
    store: impl AsContextMut<Data = host::State>,
    at: &Boxed,
) -> Result<Result<u64, Problem>> {
    let found = opaque::shared::<Value<u64>>(store, at);
    Ok(found.map(|found| found.value).map_err(Problem::from))
}

fn looking(boxes: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    boxes.func_wrap("read-text", |store, (at,): (Boxed,)| {
        let found = opaque::shared::<Value<String>>(store, &at);
        let text = found.map(|found| found.value.clone());
        Ok((text.map_err(Problem::from),))
    })?;
    boxes.func_wrap("read-number", |store, (at,): (Boxed,)| {
        Ok((number(store, &at)?,))
    })?;
    boxes.func_wrap("add", |store, (to, more): (Boxed, u64)| {
        let found = opaque::exclusive::<Value<u64>>(store, &to);
        let sum = found.map(|mut found| {
            found.value += more;
            found.value
        });
        Ok((sum.map_err(Problem::from),))
    })?;
    boxes.func_wrap(
        "at-once",
        |mut store, (at, first, second): (Boxed, Access, Access)| {
            let mut access = |access: Access| -> Result<Box<dyn std::any::Any>, Error> {
                Ok(match access {
                    Access::Shared => Box::new(opaque::shared::<Value<u64>>(&mut store, &at)?),
                    Access::Exclusive => {
                        Box::new(opaque::exclusive::<Value<u64>>(&mut store, &at)?)
                    }
                })
            };
            let both = access(first).and_then(|first| Ok((first, access(second)?)));
            Ok((both.map(drop).map_err(Problem::from),))
        },
    )?;
    boxes.func_wrap_concurrent("hold", |accessor, (at,): (Boxed,)| {
        Box::pin(async move {
            let held = accessor.with(|mut access| {
                let guard = opaque::exclusive::<Value<u64>>(&mut access, &at)?;
                let (sender, told) = oneshot::channel();
                access.data_mut().peers.boxes.held = Some(sender);
                Ok::<_, Error>((guard, told))
            });
            let (guard, told) = match held {
                Ok(held) => held,
                Err(error) => return Ok((Err(Problem::from(error)),)),
            };
            // The sender stays in the store, which outlives this call.
            let _ = told.await;
            drop(guard);
            Ok((Ok(()),))
        })
    })?;
    boxes.func_wrap("let-go", |mut store, ()| {
        let held = store.data_mut().peers.boxes.held.take();
        let told = held.is_some_and(|held| held.send(()).is_ok());
        wasmtime::ensure!(told, "`let-go`: expected a call of `hold`, found none");
        Ok(())
    })
}

fn giving(boxes: &mut LinkerInstance<'_, host::State>) -> Result<()> {
    boxes.func_wrap("consume", |mut store, (it,): (Boxed,)| {
        let found = number(&mut store, &it)?;
        opaque::release(store, it)?;
        Ok((found,))
    })?;
    boxes.func_wrap("consume-first", |mut store, (it,): (Boxed,)| {
        let stale = Boxed::new_borrow(it.rep());
        opaque::release(&mut store, it)?;
        Ok((number(store, &stale)?,))
    })?;
    boxes.func_wrap("keep", |mut store, (it,): (Boxed,)| {
        store.data_mut().peers.boxes.kept.push(it);
        Ok(())
    })?;
    boxes.func_wrap("give-back", |mut store, ()| {
        Ok((store.data_mut().peers.boxes.kept.pop(),))
    })
}
