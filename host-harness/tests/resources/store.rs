//! A store is dropped while guests and host own resources.

use host_harness::ledger::When;

use crate::set_up::Guest;

#[tokio::test]
async fn what_is_left_is_destroyed_with_the_store() {
    let mut guest = Guest::new().await;
    for number in 0..100 {
        let any = guest.any(number).await;
        guest.call::<_, ()>("keep", (any,)).await.expect("owned");
    }
    // Handles of the host, of both kinds.
    let _any = guest.any(100).await;
    let _token = guest.token(101).await;
    guest.balance(102, 0);
    assert_eq!(
        guest.ledger.imbalance(When::Returned),
        ["102 of 102 `token` never destroyed"]
    );
    guest.end(102);
}

#[tokio::test]
async fn a_forgotten_store_destroys_nothing() {
    let mut guest = Guest::new().await;
    let any = guest.any(1).await;
    guest.call::<_, ()>("keep", (any,)).await.expect("owned");
    let ledger = guest.ledger.clone();
    // So the books do see what is not destroyed.
    std::mem::forget(guest);
    assert_eq!(
        ledger.imbalance(When::StoreDropped),
        ["1 of 1 `token` never destroyed"]
    );
}
