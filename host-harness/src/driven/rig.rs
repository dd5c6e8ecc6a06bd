//! What a driver works with.

use std::fmt::Debug;
use std::time::Instant;

use wasmtime::component::{
    Accessor, ComponentNamedList, Instance, InstancePre, Lift, Lower, ResourceAny, ResourceType,
    TypedFunc,
};
use wasmtime::error::Context as _;
use wasmtime::{Result, Store};

use crate::backtrace;
use crate::driven::Unmet;
use crate::host::{self, Limits, State};

/// An instance of the guest, in the store of the scenario.
pub struct Rig<'a> {
    /// The store of the scenario.
    pub store: &'a mut Store<State>,
    /// The instance whose leaks are counted.
    pub instance: Instance,
    pre: &'a InstancePre<State>,
    interface: &'a str,
    end: Instant,
}

impl<'a> Rig<'a> {
    /// What drives the exported `interface` of `instance`, until `end`.
    pub fn new(
        store: &'a mut Store<State>,
        instance: Instance,
        pre: &'a InstancePre<State>,
        interface: &'a str,
        end: Instant,
    ) -> Rig<'a> {
        Rig {
            store,
            instance,
            pre,
            interface,
            end,
        }
    }

    /// An exported function. `[method]tool.label` is the method of a resource.
    pub fn function<P, R>(&mut self, name: &str) -> Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let instance = self.instance;
        self.function_of(instance, name)
    }

    /// The same of another instance in this store.
    pub fn function_of<P, R>(&mut self, instance: Instance, name: &str) -> Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let interface = instance
            .get_export_index(&mut *self.store, None, self.interface)
            .with_context(|| format!("the guest does not export `{}`", self.interface))?;
        let index = instance
            .get_export_index(&mut *self.store, Some(&interface), name)
            .with_context(|| format!("`{}` has no `{name}`", self.interface))?;
        instance
            .get_typed_func(&mut *self.store, index)
            .with_context(|| format!("`{name}` has another type"))
    }

    /// Calls an exported function, whether its type is async or not.
    pub async fn call<P, R>(&mut self, name: &str, parameters: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let instance = self.instance;
        self.call_of(instance, name, parameters).await
    }

    /// The same of another instance in this store.
    pub async fn call_of<P, R>(
        &mut self,
        instance: Instance,
        name: &str,
        parameters: P,
    ) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = self.function_of::<P, R>(instance, name)?;
        function.call_async(&mut *self.store, parameters).await
    }

    /// The type of an exported resource.
    pub fn resource_of(&mut self, instance: Instance, name: &str) -> Result<ResourceType> {
        let interface = instance
            .get_export_index(&mut *self.store, None, self.interface)
            .with_context(|| format!("the guest does not export `{}`", self.interface))?;
        let index = instance
            .get_export_index(&mut *self.store, Some(&interface), name)
            .with_context(|| format!("`{}` has no `{name}`", self.interface))?;
        instance
            .get_resource(&mut *self.store, index)
            .with_context(|| format!("`{name}` is no resource"))
    }

    /// Destroys a resource, or gives a borrow back.
    pub async fn destroy(&mut self, resource: ResourceAny) -> Result<()> {
        resource.resource_drop_async(&mut *self.store).await
    }

    /// Another instance of the same guests, in this store.
    pub async fn another_instance(&mut self) -> Result<Instance> {
        self.pre.instantiate_async(&mut *self.store).await
    }

    /// Does something with the same guests in another store, with the same books.
    pub async fn in_another_store<R>(
        &mut self,
        act: impl AsyncFnOnce(&mut Rig<'_>) -> Result<R>,
    ) -> Result<R> {
        let mut store = host::store(self.pre.engine(), &Limits::default(), self.end);
        store.data_mut().ledger = self.store.data().ledger.clone();
        let instance = self.pre.instantiate_async(&mut store).await?;
        let mut rig = Rig::new(&mut store, instance, self.pre, self.interface, self.end);
        act(&mut rig).await
    }

    /// Lets the guest's tasks run for a while.
    pub async fn turns(&mut self, count: usize) -> Result<()> {
        let turns = async |_: &Accessor<State>| {
            for _ in 0..count {
                tokio::task::yield_now().await;
            }
        };
        self.store.run_concurrent(turns).await
    }

    /// How many of a kind were made, and how many were destroyed.
    pub fn count(&self, kind: &str) -> (u64, u64) {
        let kind = self.store.data().ledger.count(kind);
        (kind.made, kind.destroyed)
    }
}

/// Demands an error that says this.
pub fn refused<T: Debug>(result: Result<T>, text: &str) -> Result<()> {
    match result {
        Ok(value) => Err(Unmet::error(format!(
            "expected an error with `{text}`, found {value:?}"
        ))),
        Err(error) => {
            let found = backtrace::causes(&error);
            match found.contains(text) {
                true => Ok(()),
                false => Err(Unmet::error(format!(
                    "expected an error with `{text}`, found: {found}"
                ))),
            }
        }
    }
}
