//! A store with a guest that keeps, lends and drops handles of the host's resources.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use host_harness::host::{self, Limits, State};
use host_harness::ledger::{Kind, Ledger, When};
use host_harness::peers::resources::Token;
use wasmtime::component::{
    Component, ComponentNamedList, Instance, Lift, Linker, Lower, Resource, ResourceAny, Val,
};
use wasmtime::{Engine, Result, Store};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| host::engine().expect("an engine"));

static COMPONENT: LazyLock<Component> = LazyLock::new(|| {
    let bytes = wat::parse_str(include_str!("guest.wat")).expect("the text of a component");
    Component::new(&ENGINE, bytes).expect("a component")
});

/// What the host tries to get rid of while it is lent to the guest.
type Lent = Arc<Mutex<Option<ResourceAny>>>;

/// The guest in a store of its own.
pub struct Guest {
    pub store: Store<State>,
    linker: Linker<State>,
    instance: Instance,
    lent: Lent,
    pub ledger: Ledger,
}

impl Guest {
    /// A fresh one.
    pub async fn new() -> Guest {
        let lent = Lent::default();
        let linker = linker(lent.clone()).expect("no name is defined twice");
        let end = Instant::now() + Duration::from_secs(60);
        let mut store = host::store(&ENGINE, &Limits::default(), end);
        let ledger = store.data().ledger.clone();
        Guest {
            instance: instantiate(&linker, &mut store).await,
            linker,
            store,
            lent,
            ledger,
        }
    }

    /// Another instance in the same store, because wasmtime lets nobody enter the one again
    /// in which something went wrong.
    pub async fn renew(&mut self) {
        let function = self.instance.get_typed_func(&mut self.store, "nothing");
        let function = function.expect("the guest exports it");
        let again: Result<()> = function.call_async(&mut self.store, ()).await;
        fails(again, "cannot enter component instance");
        self.instance = instantiate(&self.linker, &mut self.store).await;
    }

    /// Calls a function of the guest.
    pub async fn call<P, R>(&mut self, name: &str, parameters: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, name)?;
        function.call_async(&mut self.store, parameters).await
    }

    /// The same with what the host borrows.
    pub async fn call_with(&mut self, name: &str, tokens: &[&Resource<Token>]) -> Result<()> {
        let store = &mut self.store;
        match tokens {
            [token] => {
                let function = self
                    .instance
                    .get_typed_func::<(&Resource<Token>,), ()>(&mut *store, name)?;
                function.call_async(store, (token,)).await
            }
            [first, second] => {
                let function = self
                    .instance
                    .get_typed_func::<(&Resource<Token>, &Resource<Token>), ()>(
                        &mut *store,
                        name,
                    )?;
                function.call_async(store, (first, second)).await
            }
            _ => panic!("one or two parameters"),
        }
    }

    /// The same without static types.
    pub async fn call_untyped(&mut self, name: &str, parameters: &[Val]) -> Result<()> {
        let function = self.instance.get_func(&mut self.store, name);
        let function = function.expect("the guest exports it");
        function
            .call_async(&mut self.store, parameters, &mut [])
            .await
    }

    /// A token that the guest made, as the host knows its own resources.
    pub async fn token(&mut self, number: u32) -> Resource<Token> {
        let made = self.call::<_, (Resource<Token>,)>("make", (number,)).await;
        made.expect("a token").0
    }

    /// A token that the guest made, as the host knows any resource.
    pub async fn any(&mut self, number: u32) -> ResourceAny {
        let made = self.call::<_, (ResourceAny,)>("make", (number,)).await;
        made.expect("a token").0
    }

    /// The same of another type.
    pub async fn any_slow(&mut self, number: u32) -> ResourceAny {
        let made = self.call::<_, (ResourceAny,)>("make-slow", (number,)).await;
        made.expect("a token").0
    }

    /// Lends it to the guest. The host tries to drop it and to take it meanwhile, and must
    /// not be able to.
    pub async fn lend_and_drop(&mut self, any: ResourceAny) -> Result<u32> {
        *self.lent.lock().expect("nothing panicked") = Some(any);
        let (number,) = self.call("look", (any,)).await?;
        let tried = self.lent.lock().expect("nothing panicked").is_none();
        assert!(tried, "the host tried to drop it");
        Ok(number)
    }

    /// What the host has kept, though it was only lent to it. The call fails.
    pub async fn kept(&mut self) -> ResourceAny {
        let any = self.any(1).await;
        let text = "borrow handles still remain at the end of the call";
        let called: Result<()> = self.call("host-keeps-what-is-lent", (any,)).await;
        fails(called, text);
        let kept = self.lent.lock().expect("nothing panicked").take();
        kept.expect("the host was called")
    }

    /// Demands that so many tokens were made and destroyed.
    #[track_caller]
    pub fn balance(&self, made: u64, destroyed: u64) {
        assert_eq!(self.ledger.count("token"), Kind { made, destroyed });
    }

    /// Drops the store, and demands that so many tokens were made and each destroyed once.
    #[track_caller]
    pub fn end(self, made: u64) {
        let ledger = self.ledger;
        drop(self.store);
        let all = Kind {
            made,
            destroyed: made,
        };
        assert_eq!(ledger.count("token"), all);
        assert_eq!(ledger.imbalance(When::StoreDropped), Vec::<String>::new());
    }
}

async fn instantiate(linker: &Linker<State>, store: &mut Store<State>) -> Instance {
    let instance = linker.instantiate_async(store, &COMPONENT).await;
    instance.expect("the host has all that the guest imports")
}

fn linker(lent: Lent) -> Result<Linker<State>> {
    let keeps = lent.clone();
    const BORROWED: &str = "cannot remove owned resource while borrowed";
    let mut linker = host::linker(&ENGINE)?;
    let mut hooks = linker.instance("test:resources/hooks@0.1.0")?;
    hooks.func_wrap_async("during", move |mut store, (_,): (Resource<Token>,)| {
        let lent = lent.lock().expect("nothing panicked").take();
        Box::new(async move {
            if let Some(any) = lent {
                fails(any.try_into_resource::<Token>(&mut store), BORROWED);
                fails(any.resource_drop_async(&mut store).await, BORROWED);
            }
            Ok(())
        })
    })?;
    // The host gives away, or keeps, what is only lent to it.
    hooks.func_wrap("keep-lent", |_, (lent,): (Resource<Token>,)| Ok((lent,)))?;
    hooks.func_wrap("keep-any", move |_, (any,): (ResourceAny,)| {
        *keeps.lock().expect("nothing panicked") = Some(any);
        Ok(())
    })?;
    type Both = (Resource<Token>, Resource<Token>);
    hooks.func_wrap("own-and-lent", |_, _: Both| Ok(()))?;
    hooks.func_wrap("lent-and-own", |_, _: Both| Ok(()))?;
    Ok(linker)
}

/// Demands an error whose text, causes among it, contains `text`.
#[track_caller]
pub fn fails<T>(result: Result<T>, text: &str) {
    let Err(error) = result else {
        panic!("expected an error with `{text}`, found none");
    };
    let found = format!("{error:?}");
    assert!(found.contains(text), "expected `{text}`, found `{found}`");
}
