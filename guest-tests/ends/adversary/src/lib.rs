//! Safe programs that try to trap, to hang, to leak, and to lose, double or reorder an item.
#![allow(
    clippy::await_holding_refcell_ref,
    reason = "ends are shared so that what uses them can be dropped anywhere"
)]

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "adversary",
        generate_all,
    });
}

mod around;
mod calls;
mod defaults;
mod differences;
mod futures_end;
mod items;
mod leaked;
mod lengths;
mod nested;
mod order;
mod synchronous;
mod token;
mod wakers;

guest_support::guest!(only_calls);
bindings::export!(Adversary with_types_in bindings);

struct Adversary;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Adversary, wit_async }

guest_support::scenarios! { bindings::exports::test::ends::scenarios_adversary::Guest => Adversary {
    wakers: wakers_that_act;
    items: items_that_act;
    defaults: defaults_that_act;
    order: any_order_of_everything;
    nested: ends_in_items;
    leaked: leaked_then_used;
    futures_end: futures_that_end_each_other;
    calls: calls_given_up;
    differences: stream_comes_back_from_future, stream_comes_back_unread,
        future_comes_back_unread, next_read_cancelled_unpolled;
    lengths: edges_of_lengths;
    => synchronous: synchronous::nothing_is_awake;
} }

/// The words `from`, .. `to` - 1.
fn words(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|n| n.to_string()).collect()
}

/// The same choices each time.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}
