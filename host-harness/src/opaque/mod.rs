//! Data of the host behind opaque references: boxes that guests keep, pass, stream and drop,
//! and never look into.
//!
//! To a guest a box is a resource without methods. For the host it is an entry of the store's
//! [`ResourceTable`], with a root of an [`ExternRef`] that wraps any `'static + Send + Sync`
//! value:
//!
//! ```text
//! guest               host
//! own / borrow ─► entry of the table ─► OwnedRooted ─► externref ─► value
//!   handle            HostBox                       collector's heap
//! ```
//!
//! # When the value is dropped
//!
//! When the last handle was dropped and the store's collector ran, and no guard is left. The
//! collector runs when [`collect`] is called, and by itself when its heap is full: 2,000
//! boxes fit into that at first, and it grows where more than half of them are still there.
//! It knows how many values there are, not how large they are: who boxes large ones calls
//! [`collect`] now and then.
//!
//! Only an `OwnedRooted` ends with its owner, so that the reference is made in a `RootScope`
//! of its own and nothing but the entry keeps it: one that is rooted outside of a scope stays
//! until the store goes.
//!
//! # Access
//!
//! [`shared`] and [`exclusive`] check the type and return guards, which do not borrow the
//! store: they may be held across an await and while guests run. Many guards may share a
//! value, or one has it exclusively. Whoever comes in between gets [`Error::Busy`] at once:
//! nothing waits, so nothing deadlocks. A guard keeps its value, also when the box is gone.
//!
//! # Numbers of entries
//!
//! A guest cannot forge a box: numbers that it makes up are looked up in its own table of
//! handles, and trap. The host must not keep a `Resource` that it does not own for longer
//! than the call that brought it, for the table gives the number of an entry that was
//! deleted to the next one. What is to last is a guard, or an owned `Resource`.
//!
//! # Example
//!
//! ```
//! use host_harness::opaque::{self, Error, HasTable};
//! use wasmtime::component::ResourceTable;
//! use wasmtime::{Engine, Store};
//!
//! #[derive(Default)]
//! struct Host {
//!     table: ResourceTable,
//! }
//!
//! impl HasTable for Host {
//!     fn table(&mut self) -> &mut ResourceTable {
//!         &mut self.table
//!     }
//! }
//!
//! fn main() -> Result<(), Error> {
//!     let mut store = Store::new(&Engine::default(), Host::default());
//!     let words = opaque::put(&mut store, vec!["one"])?;
//!     opaque::exclusive::<Vec<&str>>(&mut store, &words)?.push("two");
//!     assert_eq!(opaque::shared::<Vec<&str>>(&mut store, &words)?.len(), 2);
//!     let wrong = opaque::shared::<String>(&mut store, &words);
//!     assert!(matches!(wrong, Err(Error::WrongType { .. })));
//!     opaque::release(&mut store, words)?;
//!     opaque::collect(&mut store)
//! }
//! ```

mod content;
mod error;
#[cfg(test)]
mod tests;

use std::any::Any;

use wasmtime::component::{LinkerInstance, Resource, ResourceTable, ResourceType};
use wasmtime::{AsContextMut, ExternRef, GcHeapOutOfMemory, OwnedRooted, RootScope, Rooted};

use content::Content;
pub use content::{Exclusive, Shared};
pub use error::{Access, Error};

/// What a store holds that has boxes.
pub trait HasTable: 'static {
    /// The table whose entries the boxes are.
    fn table(&mut self) -> &mut ResourceTable;
}

/// The entry of a box: what `Resource<HostBox>` stands for.
#[derive(Debug)]
pub struct HostBox {
    /// Nothing where a null reference was wrapped.
    reference: Option<OwnedRooted<ExternRef>>,
}

/// Puts a value of the host into a new box.
///
/// # Errors
///
/// [`Error::NoRoom`] when the collector's heap or the table is full; the value is dropped.
/// [`Error::Store`] when the engine has no collector, or the store has an asynchronous
/// limiter.
pub fn put<T: Any + Send + Sync>(
    mut store: impl AsContextMut<Data: HasTable>,
    value: T,
) -> Result<Resource<HostBox>, Error> {
    let reference = {
        let mut scope = RootScope::new(&mut store);
        let made = ExternRef::new(&mut scope, Content::new(value));
        let made = made.map_err(|error| match error.is::<GcHeapOutOfMemory<Content>>() {
            true => Error::NoRoom,
            false => Error::Store(error),
        })?;
        made.to_owned_rooted(&mut scope).map_err(Error::Store)?
    };
    push(store, Some(reference))
}

/// Wraps a reference that comes from elsewhere, a core module say, whatever it refers to.
///
/// # Errors
///
/// [`Error::Released`] when the scope is over in which the reference was rooted,
/// [`Error::NoRoom`] when the table is full.
///
/// # Panics
///
/// When the reference is of another store.
pub fn wrap(
    mut store: impl AsContextMut<Data: HasTable>,
    reference: Option<Rooted<ExternRef>>,
) -> Result<Resource<HostBox>, Error> {
    let reference = match reference {
        Some(reference) => {
            let owned = reference.to_owned_rooted(&mut store);
            Some(owned.map_err(|_| Error::Released)?)
        }
        None => None,
    };
    push(store, reference)
}

fn push(
    mut store: impl AsContextMut<Data: HasTable>,
    reference: Option<OwnedRooted<ExternRef>>,
) -> Result<Resource<HostBox>, Error> {
    let mut context = store.as_context_mut();
    let table = context.data_mut().table();
    table.push(HostBox { reference }).map_err(|_| Error::NoRoom)
}

/// Shared access to the value of a box.
///
/// # Errors
///
/// See [`Error`].
pub fn shared<T: Any + Send + Sync>(
    store: impl AsContextMut<Data: HasTable>,
    of: &Resource<HostBox>,
) -> Result<Shared<T>, Error> {
    with_content(store, of, Content::shared)
}

/// Exclusive access to the value of a box.
///
/// # Errors
///
/// See [`Error`].
pub fn exclusive<T: Any + Send + Sync>(
    store: impl AsContextMut<Data: HasTable>,
    of: &Resource<HostBox>,
) -> Result<Exclusive<T>, Error> {
    with_content(store, of, Content::exclusive)
}

fn with_content<R>(
    mut store: impl AsContextMut<Data: HasTable>,
    of: &Resource<HostBox>,
    access: impl FnOnce(&Content) -> Result<R, Error>,
) -> Result<R, Error> {
    let mut context = store.as_context_mut();
    // An entry of another type has the number of a box that is gone.
    let found = context.data_mut().table().get(of);
    let reference = found.map_err(|_| Error::Released)?.reference.clone();
    let reference = reference.ok_or(Error::Empty)?;
    let data = reference.data(&context).map_err(Error::Store)?;
    let data = data.ok_or(Error::Empty)?;
    access(data.downcast_ref().ok_or(Error::Foreign)?)
}

/// Gives a box up. Its value is dropped when the collector runs.
///
/// # Errors
///
/// [`Error::Released`] when that was done before, [`Error::Lent`] when the handle is one that
/// does not own the box.
pub fn release(
    mut store: impl AsContextMut<Data: HasTable>,
    handle: Resource<HostBox>,
) -> Result<(), Error> {
    if !handle.owned() {
        return Err(Error::Lent);
    }
    let mut context = store.as_context_mut();
    let deleted = context.data_mut().table().delete(handle);
    deleted.map(drop).map_err(|_| Error::Released)
}

/// Runs the collector: the values of boxes that are gone are dropped.
///
/// # Errors
///
/// [`Error::Store`] when the store has an asynchronous limiter.
pub fn collect(mut store: impl AsContextMut) -> Result<(), Error> {
    store.as_context_mut().gc(None).map_err(Error::Store)
}

/// Defines the type of boxes as the resource `name` of an interface, with the destructor
/// that releases them.
///
/// # Errors
///
/// When the name is defined already.
pub fn add_to_linker<D: HasTable>(
    interface: &mut LinkerInstance<'_, D>,
    name: &str,
) -> wasmtime::Result<()> {
    let ty = ResourceType::host::<HostBox>();
    interface.resource(name, ty, |store, entry| {
        Ok(release(store, Resource::new_own(entry))?)
    })
}
