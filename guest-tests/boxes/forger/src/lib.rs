//! Handle numbers of boxes that nobody has given to this component.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/boxes",
        world: "forger",
        generate_all,
    });
}

mod raw;

use std::cell::RefCell;

use bindings::exports::test::boxes::{forge, scenarios_forged};
use bindings::test::boxes::boxes::{self, Box as Boxed};
use bindings::wit_stream;
use guest_support::{expect_trap, ledger};

guest_support::guest!();
bindings::export!(Forger with_types_in bindings);

struct Forger;

/// No table of handles is as long as this.
const MADE_UP: u32 = 77_777;

thread_local! {
    static KEPT: RefCell<Vec<Boxed>> = const { RefCell::new(Vec::new()) };
}

impl forge::Guest for Forger {
    fn make(count: u32) {
        let made = (0..count).map(|number| boxes::number(number.into()));
        KEPT.with_borrow_mut(|kept| kept.extend(made));
    }

    fn lend(number: u32) {
        raw::lend(number);
    }
}

/// A box that is there all the time: what is made up is not it.
fn with_a_box(forge: impl FnOnce()) {
    let it = boxes::number(7);
    assert_eq!(ledger::alive("value in a box"), 1);
    forge();
    drop(it);
}

impl scenarios_forged::Guest for Forger {
    async fn made_up_number_lent() {
        expect_trap("unknown handle index 77777");
        with_a_box(|| raw::lend(MADE_UP));
    }

    async fn made_up_number_given() {
        expect_trap("unknown handle index 77777");
        with_a_box(|| raw::give(MADE_UP));
    }

    async fn made_up_number_dropped() {
        expect_trap("unknown handle index 77777");
        with_a_box(|| raw::drop(MADE_UP));
    }

    async fn nought_lent() {
        expect_trap("unknown handle index 0");
        with_a_box(|| raw::lend(0));
    }

    async fn number_of_a_stream_lent() {
        let (_writer, reader) = wit_stream::new::<Boxed>();
        expect_trap("is not a resource");
        with_a_box(|| raw::lend(reader.handle()));
    }

    async fn dropped_number_lent() {
        let it = boxes::number(1);
        let number = it.handle();
        drop(it);
        expect_trap(&format!("unknown handle index {number}"));
        raw::lend(number);
    }

    async fn dropped_twice() {
        let number = boxes::number(1).take_handle();
        raw::drop(number);
        expect_trap(&format!("unknown handle index {number}"));
        raw::drop(number);
    }

    async fn given_twice() {
        let number = boxes::number(1).take_handle();
        raw::give(number);
        expect_trap(&format!("unknown handle index {number}"));
        raw::give(number);
    }

    async fn given_away_number_lent() {
        let it = boxes::number(1);
        let number = it.handle();
        boxes::keep(it);
        expect_trap(&format!("unknown handle index {number}"));
        raw::lend(number);
    }
}
