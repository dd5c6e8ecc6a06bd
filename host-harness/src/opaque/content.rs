//! What an externref of a box wraps, and the guards of it.

use std::any::{Any, type_name};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::{Access, Error};

/// A value, and what its type is called.
pub(super) struct Content {
    /// An `Arc` of a lock around the value. Only ever tried, never waited for.
    value: Arc<dyn Any + Send + Sync>,
    ty: &'static str,
}

impl Content {
    pub(super) fn new<T: Any + Send + Sync>(value: T) -> Content {
        Content {
            value: Arc::new(RwLock::new(value)),
            ty: type_name::<T>(),
        }
    }

    fn lock<T: Any + Send + Sync>(&self) -> Result<Arc<RwLock<T>>, Error> {
        let typed = Arc::clone(&self.value).downcast::<RwLock<T>>();
        typed.map_err(|_| Error::WrongType {
            asked: type_name::<T>(),
            found: self.ty,
        })
    }

    pub(super) fn shared<T: Any + Send + Sync>(&self) -> Result<Shared<T>, Error> {
        let guard = self.lock::<T>()?.try_read_owned();
        guard.map(Shared).map_err(|_| Error::Busy(Access::Shared))
    }

    pub(super) fn exclusive<T: Any + Send + Sync>(&self) -> Result<Exclusive<T>, Error> {
        let guard = self.lock::<T>()?.try_write_owned();
        let guard = guard.map(Exclusive);
        guard.map_err(|_| Error::Busy(Access::Exclusive))
    }
}

/// Shared access to the value of a box, until this is dropped.
pub struct Shared<T>(OwnedRwLockReadGuard<T>);

/// Exclusive access to the value of a box, until this is dropped.
pub struct Exclusive<T>(OwnedRwLockWriteGuard<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for Exclusive<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Exclusive<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Exclusive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
