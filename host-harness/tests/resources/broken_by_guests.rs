//! What a guest may not do with handles: it traps, and what it has is destroyed with the store.

use wasmtime::component::ResourceAny;

use crate::set_up::{Guest, fails};

/// Gives the guest a token, and demands that it traps.
async fn traps(name: &str, text: &str, destroyed_before: u64) {
    let mut guest = Guest::new().await;
    let any = guest.any(1).await;
    let other = guest.any(2).await;
    fails(guest.call::<(ResourceAny,), ()>(name, (any,)).await, text);
    guest.balance(2, destroyed_before);
    // What the host has is unharmed.
    let dropped = other.resource_drop_async(&mut guest.store).await;
    dropped.expect("it is there");
    guest.balance(2, destroyed_before + 1);
    guest.end(2);
}

#[tokio::test]
async fn drops_twice() {
    traps("drops-twice", "unknown handle index", 1).await;
}

#[tokio::test]
async fn gives_away_twice() {
    traps("gives-away-twice", "unknown handle index", 1).await;
}

#[tokio::test]
async fn gives_away_what_is_lent_to_it() {
    let text = "cannot lift own resource from a borrow";
    traps("gives-away-what-is-lent", text, 0).await;
}

#[tokio::test]
async fn keeps_what_is_lent_to_it() {
    let text = "borrow handles still remain at the end of the call";
    traps("keeps-what-is-lent", text, 0).await;
}

#[tokio::test]
async fn drops_as_another_type() {
    let text = "used with the wrong type, expected guest-defined resource but found a different \
                guest-defined resource";
    traps("drops-as-another-type", text, 0).await;
}

#[tokio::test]
async fn gives_and_lends_in_one_call() {
    traps("gives-and-lends", "unknown handle index", 0).await;
}

#[tokio::test]
async fn lends_and_gives_in_one_call() {
    let text = "cannot remove owned resource while borrowed";
    traps("lends-and-gives", text, 0).await;
}

#[tokio::test]
async fn drops_while_it_is_lent() {
    let text = "cannot remove owned resource while borrowed";
    traps("drops-while-lent", text, 0).await;
}

#[tokio::test]
async fn gives_away_while_it_is_lent() {
    let text = "cannot remove owned resource while borrowed";
    traps("gives-away-while-lent", text, 0).await;
}

#[tokio::test]
async fn the_host_gives_away_what_is_lent_to_it() {
    let text = "cannot lower a `borrow` resource into an `own`";
    traps("host-gives-away-what-is-lent", text, 0).await;
}

#[tokio::test]
async fn the_host_keeps_what_is_lent_to_it() {
    let text = "borrow handles still remain at the end of the call";
    traps("host-keeps-what-is-lent", text, 0).await;
}

#[tokio::test]
async fn makes_up_a_handle() {
    let mut guest = Guest::new().await;
    let kept = guest.any(1).await;
    guest.call::<_, ()>("keep", (kept,)).await.expect("owned");
    let made_up = guest.call::<(), ()>("makes-up-a-handle", ()).await;
    fails(made_up, "unknown handle index 77");
    guest.balance(1, 0);
    guest.end(1);
}
