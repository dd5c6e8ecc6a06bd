//! What the host may not do with handles.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use host_harness::peers::resources::{SlowToken, Token};
use wasmtime::component::{Resource, ResourceAny, Val};
use wasmtime_wasi::WasiView;

use crate::set_up::{Guest, fails};

#[tokio::test]
async fn a_consumed_handle_is_not_used_again() {
    let mut guest = Guest::new().await;
    let token = guest.token(1).await;
    guest
        .call_with("keep", &[&token])
        .await
        .expect("it is owned");
    fails(
        guest.call_with("keep", &[&token]).await,
        "host resource already consumed",
    );
    guest.renew().await;
    fails(
        guest.call_with("look-only", &[&token]).await,
        "host resource already consumed",
    );
    fails(
        token.try_into_resource_any(&mut guest.store),
        "host resource already consumed",
    );
    guest.balance(1, 0);
    guest.end(1);
}

#[tokio::test]
async fn a_consumed_handle_of_any_type_is_not_used_again() {
    let mut guest = Guest::new().await;
    let any = guest.any(1).await;
    guest.call::<_, ()>("keep", (any,)).await.expect("owned");
    let again = guest.call::<_, ()>("keep", (any,)).await;
    fails(again, "unknown handle index 1");
    guest.renew().await;
    // Nor when its place was taken by another one.
    let other = guest.any(2).await;
    let again = guest.call::<_, ()>("keep", (any,)).await;
    fails(again, "host-owned resource was already de-allocated");
    guest.renew().await;
    let lent = guest.call::<_, (u32,)>("look", (any,)).await;
    fails(lent, "host-owned resource was already de-allocated");
    fails(
        any.resource_drop_async(&mut guest.store).await,
        "host-owned resource was already de-allocated",
    );
    fails(
        any.try_into_resource::<Token>(&mut guest.store),
        "host-owned resource was already de-allocated",
    );
    guest.balance(2, 0);
    other
        .resource_drop_async(&mut guest.store)
        .await
        .expect("it is there");
    guest.balance(2, 1);
    guest.end(2);
}

#[tokio::test]
async fn a_handle_is_dropped_once() {
    let mut guest = Guest::new().await;
    let any = guest.any(1).await;
    any.resource_drop_async(&mut guest.store)
        .await
        .expect("it is there");
    guest.balance(1, 1);
    fails(
        any.resource_drop_async(&mut guest.store).await,
        "unknown handle index 1",
    );
    let kept = guest.call::<_, ()>("keep", (any,)).await;
    fails(kept, "unknown handle index 1");
    guest.end(1);
}

#[tokio::test]
async fn an_entry_of_the_table_is_deleted_once() {
    let mut guest = Guest::new().await;
    let token = guest.token(1).await;
    let again = Resource::<Token>::new_own(token.rep());
    let table = guest.store.data_mut().ctx().table;
    table.delete(token).expect("it is there");
    fails(
        Ok(table.delete(again)).and_then(|it| Ok(it?)),
        "resource not present",
    );
    guest.balance(1, 1);
    guest.end(1);
}

#[tokio::test]
async fn what_is_lent_is_not_given_away() {
    let mut guest = Guest::new().await;
    let token = guest.token(1).await;
    let lent = Resource::<Token>::new_borrow(token.rep());
    fails(
        guest.call_with("keep", &[&lent]).await,
        "cannot lower a `borrow` resource into an `own`",
    );
    guest.renew().await;
    guest
        .call_with("look-only", &[&lent])
        .await
        .expect("it may be lent");
    guest.balance(1, 0);
    guest
        .call_with("keep", &[&token])
        .await
        .expect("it is owned");
    guest.end(1);
}

#[tokio::test]
async fn a_handle_is_not_lent_and_given_in_one_call() {
    let mut guest = Guest::new().await;
    for (name, text) in [
        ("own-and-lent", "host resource already consumed"),
        (
            "lent-and-own",
            "cannot remove owned resource while borrowed",
        ),
    ] {
        let token = guest.token(1).await;
        fails(guest.call_with(name, &[&token, &token]).await, text);
        guest.renew().await;
    }
    guest.balance(2, 0);
    guest.end(2);
}

#[tokio::test]
async fn a_handle_of_any_type_is_not_lent_and_given_in_one_call() {
    let mut guest = Guest::new().await;
    for (name, text) in [
        ("own-and-lent", "unknown handle index 1"),
        (
            "lent-and-own",
            "cannot remove owned resource while borrowed",
        ),
    ] {
        let any = guest.any(1).await;
        fails(guest.call::<_, ()>(name, (any, any)).await, text);
        guest.renew().await;
    }
    guest.balance(2, 0);
    guest.end(2);
}

#[tokio::test]
async fn a_handle_has_one_type() {
    let mut guest = Guest::new().await;
    let token = guest.token(1).await;
    // The type of the call.
    fails(
        guest
            .call::<_, ()>("keep", (Resource::<SlowToken>::new_own(token.rep()),))
            .await,
        "resource type mismatch",
    );
    let made = guest
        .call::<_, (Resource<SlowToken>,)>("make", (1_u32,))
        .await;
    fails(made, "resource type mismatch");
    // The type of the value.
    let slow = guest.any_slow(2).await;
    let kept = guest.call::<_, ()>("keep", (slow,)).await;
    fails(kept, "mismatched resource types");
    guest.renew().await;
    let lent = guest.call::<_, (u32,)>("look", (slow,)).await;
    fails(lent, "mismatched resource types");
    guest.renew().await;
    let kept = guest.call_untyped("keep", &[Val::Resource(slow)]).await;
    fails(kept, "mismatched resource types");
    guest.renew().await;
    fails(
        guest.call_untyped("keep", &[Val::U32(1)]).await,
        "type mismatch",
    );
    guest.renew().await;
    fails(
        slow.try_into_resource::<Token>(&mut guest.store),
        "resource type mismatch",
    );
    // The type of the entry.
    let table = guest.store.data_mut().ctx().table;
    let wrong = Resource::<SlowToken>::new_own(token.rep());
    let got = table.get(&wrong).map(|_| ());
    fails(
        Ok(got).and_then(|it| Ok(it?)),
        "resource is of another type",
    );
    slow.resource_drop_async(&mut guest.store)
        .await
        .expect("nothing has become of it");
    guest
        .call_with("keep", &[&token])
        .await
        .expect("nor of this");
    guest.balance(1, 0);
    guest.end(1);
}

#[tokio::test]
async fn a_handle_of_another_store_is_unknown() {
    let (mut guest, mut other) = (Guest::new().await, Guest::new().await);
    let any = guest.any(1).await;
    let kept = other.call::<_, ()>("keep", (any,)).await;
    fails(kept, "unknown handle index 1");
    let mut other = Guest::new().await;
    fails(
        any.resource_drop_async(&mut other.store).await,
        "unknown handle index 1",
    );
    fails(
        any.try_into_resource::<Token>(&mut other.store),
        "unknown handle index 1",
    );
    // An entry of the table of another store.
    let token = guest.token(2).await;
    let elsewhere = Resource::<Token>::new_borrow(token.rep());
    let got = other
        .store
        .data_mut()
        .ctx()
        .table
        .get(&elsewhere)
        .map(|_| ());
    fails(Ok(got).and_then(|it| Ok(it?)), "resource not present");
    any.resource_drop_async(&mut guest.store)
        .await
        .expect("it is there");
    guest.balance(2, 1);
    other.end(0);
    guest.end(2);
}

/// A limit of wasmtime: a handle of a resource of the host is a place and a generation, and
/// does not tell its store. It is taken for the one of the other store in that place.
#[tokio::test]
async fn a_handle_of_another_store_is_taken_for_one_that_is_there() {
    let (mut guest, mut other) = (Guest::new().await, Guest::new().await);
    let any = guest.any(1).await;
    let theirs = other.any(2).await;
    assert_eq!(any, theirs, "wasmtime tells them apart by now");
    any.resource_drop_async(&mut other.store)
        .await
        .expect("it is taken for the other one");
    guest.balance(1, 0);
    other.balance(1, 1);
    // All the same nothing is destroyed twice.
    fails(
        theirs.resource_drop_async(&mut other.store).await,
        "unknown handle index 1",
    );
    other.end(1);
    guest.end(1);
}

/// A defect of wasmtime: the same with what is lent in one store and owned in the other one is
/// no error, but a panic.
#[tokio::test]
async fn a_lent_handle_of_another_store_panics_where_one_is_owned() {
    let (mut guest, mut other) = (Guest::new().await, Guest::new().await);
    let lent = guest.kept().await;
    assert!(!lent.owned());
    // The same place and the same generation.
    let first = other.any(2).await;
    first
        .resource_drop_async(&mut other.store)
        .await
        .expect("it is there");
    let theirs = other.any(3).await;
    let place = |any: ResourceAny| format!("{any:?}").replace("owned: false", "owned: true");
    assert_eq!(place(lent), place(theirs));
    let dropped = AssertUnwindSafe(lent.resource_drop_async(&mut other.store));
    let panic = dropped.catch_unwind().await.expect_err("a panic");
    let text = panic.downcast_ref::<&str>().copied();
    assert_eq!(text, Some("internal error: entered unreachable code"));
    // The place is free, and the destructor has not run: it does with the store.
    fails(
        theirs.resource_drop_async(&mut other.store).await,
        "unknown handle index 1",
    );
    other.balance(2, 1);
    other.end(2);
    guest.end(1);
}

#[tokio::test]
async fn what_is_lent_is_not_dropped() {
    let mut guest = Guest::new().await;
    let any = guest.any(7).await;
    let number = guest.lend_and_drop(any).await.expect("it is lent");
    assert_eq!(number, 7);
    guest.balance(1, 0);
    any.resource_drop_async(&mut guest.store)
        .await
        .expect("it is not lent any more");
    guest.balance(1, 1);
    guest.end(1);
}

/// A limit of wasmtime: a [`Resource`] does not know its destructor, nor does a handle that
/// is made of one. Dropping it destroys nothing.
#[tokio::test]
async fn a_handle_made_of_a_resource_has_no_destructor() {
    let mut guest = Guest::new().await;
    let token = guest.token(1).await;
    let rep = token.rep();
    let any = ResourceAny::try_from_resource(token, &mut guest.store).expect("it is owned");
    any.resource_drop_async(&mut guest.store)
        .await
        .expect("it is there");
    guest.balance(1, 0);
    // The host has to do that itself.
    let token = Resource::<Token>::new_own(rep);
    let table = guest.store.data_mut().ctx().table;
    table.delete(token).expect("it is still there");
    guest.balance(1, 1);
    guest.end(1);
}
