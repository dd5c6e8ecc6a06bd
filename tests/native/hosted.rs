//! The host itself: what it delivers, when, and in which order.

use crate::host::imports::{Call, OnCancel};
use crate::host::{self, Blocked, Elsewhere, Host, Outcome, Rules};
use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use wit_async::native::Host as _;

/// Calls an import that is about to start. Returns its handle, too.
fn import(host: &Host) -> (u32, Rc<Call>) {
    let bodies = [Box::new(|_, _| {}) as _, Box::new(|_, _| {}) as _];
    let call = Call::new(
        host,
        ptr::null(),
        ptr::null_mut(),
        OnCancel::Confirm,
        bodies,
    );
    (call.answer(host) >> 4, call)
}

/// The events of a set, one per poll: handle and payload.
fn events(host: &Host, set: u32) -> Vec<[u32; 2]> {
    let mut payload = [0; 2];
    let next = || (host.waitable_set_poll(set, &mut payload) != 0).then_some(payload);
    std::iter::from_fn(next).collect()
}

/// Three calls in a set that have an event each.
fn three(host: &Host) -> (u32, [u32; 3]) {
    let set = host.waitable_set_new();
    let subtasks = [0; 3].map(|_| {
        let (subtask, call) = import(host);
        host.waitable_join(subtask, set);
        call.start();
        subtask
    });
    (set, subtasks)
}

/// Chooses what it is told.
struct Told(RefCell<Vec<usize>>);

impl Elsewhere for Told {
    fn choose(&self, among: usize) -> usize {
        let choice = self.0.borrow_mut().remove(0);
        assert!(choice < among);
        choice
    }

    fn goes_on(&self, _: Blocked) -> bool {
        false
    }

    fn lingers(&self) -> bool {
        false
    }
}

#[test]
fn an_event_says_what_is_when_it_is_delivered() {
    let host = host::install();
    let set = host.waitable_set_new();
    let (subtask, call) = import(&host);
    host.waitable_join(subtask, set);
    call.start();
    call.resolve();
    assert_eq!(events(&host, set), [[subtask, 2]]);
    host.leaks_on_purpose();
}

#[test]
fn a_copy_goes_on_until_its_event_is_delivered() {
    let host = host::install();
    let set = host.waitable_set_new();
    let mut memory = [0_u32; 4];
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let handle = reader.take_handle();
    let start = (&raw mut memory).cast();
    host.copy(
        false,
        host::Type::Word,
        host::Side::Readable,
        handle,
        start,
        4,
    );
    host.waitable_join(handle, set);
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert!(host.has_ready_member(set));
    assert_eq!(peer.write([2, 3]), Outcome::Completed(2));
    assert_eq!(events(&host, set), [[handle, 3 << 4]]);
    // It is delivered: what comes now waits for the next read.
    assert_eq!(peer.write([4]), Outcome::Blocked);
    assert_eq!(memory, [1, 2, 3, 0xeeee_eeee]);
    host.leaks_on_purpose();
}

#[test]
fn a_poll_delivers_one_event_and_the_rules_say_which_comes_first() {
    for last_member_first in [false, true] {
        let host = host::install_with(Rules {
            last_member_first,
            ..Rules::STRICT
        });
        let (set, subtasks) = three(&host);
        let mut expected = subtasks.map(|subtask| [subtask, 1]);
        if last_member_first {
            expected.reverse();
        }
        assert_eq!(events(&host, set), expected);
        host.leaks_on_purpose();
    }
}

#[test]
fn in_a_world_the_sequence_of_choices_says_which_event_comes_first() {
    for (choices, order) in [
        ([0, 0], [0, 1, 2]),
        ([0, 1], [0, 2, 1]),
        ([1, 0], [1, 0, 2]),
        ([1, 1], [1, 2, 0]),
        ([2, 0], [2, 0, 1]),
        ([2, 1], [2, 1, 0]),
    ] {
        let told = Rc::new(Told(RefCell::new(choices.to_vec())));
        let host = Host::in_world(Rules::STRICT, told);
        let (set, subtasks) = three(&host);
        assert_eq!(
            events(&host, set),
            order.map(|index| [subtasks[index], 1]),
            "{choices:?}"
        );
        host.retire();
    }
}

#[test]
fn an_import_returns_at_once_where_all_of_them_do() {
    use crate::host::imports::{Double, Import, Until};
    use wit_async::rt::async_support::Subtask as _;

    for calls_return_at_once in [false, true] {
        let host = host::install_with(Rules {
            calls_return_at_once,
            ..Rules::STRICT
        });
        let import = Import::new(Until::Starting);
        let task = host.start({
            let import = import.clone();
            async move { assert_eq!(Double(import).call(2).await, 4) }
        });
        assert_eq!(task.has_exited(), calls_return_at_once);
        if !calls_return_at_once {
            import.call_now().resolve();
            task.settle();
        }
    }
}

#[test]
fn the_switches_are_named_and_all_their_combinations_differ() {
    let mut all: Vec<_> = Rules::all().map(|rules| rules.named()).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1 << Rules::SWITCHES.len());
    assert_eq!(all[0].map(|(name, _)| name), Rules::SWITCHES);
    assert!(Rules::all().any(|rules| rules == Rules::STRICT));
    assert_eq!(Rules::default(), Rules::STRICT);
}
