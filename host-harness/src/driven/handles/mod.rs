//! Resources of a guest in the hands of the host: `wit/handles`.

mod conversions;
mod destructors;
mod ends;
mod lent;
mod methods;
mod moving;
mod types;

use super::Comes::{To, ToATaskLeft};
use super::{Program, programs};

/// The interface that is driven.
pub const INTERFACE: &str = "test:handles/workshop@0.1.0";

/// What the host says to a cancel in a destructor.
const BLOCKS: &str = "cannot block a synchronous task before returning";

/// All of this theme.
pub fn programs() -> impl Iterator<Item = &'static Program> {
    let all = [METHODS, LENT, DESTRUCTORS, CONVERSIONS, TYPES, ENDS];
    all.into_iter().flatten()
}

const METHODS: &[Program] = programs! {
    "constructor" "A constructor makes a resource, which the host owns and destroys."
        => methods::constructor;
    "methods" "Synchronous and async methods are called on a handle that the host keeps."
        => methods::methods;
    "statics" "Static functions, sync and async, take borrows and owned handles and return owned ones."
        => methods::statics;
    "lent-twice-in-one-call" "One handle is lent twice in one call, sync and async."
        => methods::lent_twice;
    "in-another-resource" "An owned handle goes into another resource, and comes out of it or dies with it."
        => methods::in_another;
};

const LENT: &[Program] = programs! {
    "called-while-lent" "While an async method has a resource borrowed, others may be called."
        => lent::called;
    "destroyed-while-lent" "What an async method has borrowed cannot be destroyed, and afterwards it can."
        => lent::destroyed;
    "transferred-while-lent" "What an async method has borrowed cannot be given away."
        => lent::transferred, ends "cannot remove owned resource while borrowed";
    "transferred-after-loan" "What an async method had borrowed can be given away."
        => lent::transferred_after;
    "given-twice-in-one-call" "One handle cannot be given twice in one call."
        => lent::given_twice, ends "unknown handle index";
    "lent-and-given-in-one-call" "One handle cannot be lent and given in one call."
        => lent::lent_and_given, ends "cannot remove owned resource while borrowed";
};

const DESTRUCTORS: &[Program] = programs! {
    "destroyed-twice" "A resource cannot be destroyed twice, also where another one has its place."
        => destructors::twice;
    "used-when-destroyed" "A resource cannot be called when it was destroyed."
        => destructors::used, ends "unknown handle index";
    "used-when-replaced" "A resource that was destroyed is not taken for the one that has its place."
        => destructors::replaced, ends "host-owned resource was already de-allocated";
    "refused-call-closes-store" "When the parameters of a call are refused, wasmtime lets no guest of the store run any more."
        => destructors::closed, ends "cannot enter component instance";
    "destroyed-synchronously" "In a store that needs async calls, a synchronous destruction is an error, and destroys nothing."
        => destructors::synchronously;
    "destructor-drops-read-of-stream" "A destructor drops a read of a stream in flight: what it would have read is the host's."
        => destructors::read_stream, or To(BLOCKS);
    "destructor-drops-read-of-future" "A destructor drops a read of a future in flight."
        => destructors::read_future, or To(BLOCKS);
    "destructor-drops-write-of-stream" "A destructor drops a write of a stream in flight: it destroys what was not taken."
        => destructors::write_stream, or To(BLOCKS);
    "destructor-drops-write-of-future" "A destructor drops a write of a future in flight: the default is written in its place."
        => destructors::write_future, or To(BLOCKS);
    "destructor-drops-call" "A destructor drops a call in flight."
        => destructors::call, or To(BLOCKS);
    "destructor-drops-call-with-loan" "A destructor that the host runs cannot drop what is lent to a call in flight: it cannot wait."
        => destructors::call_with_loan,
        ends "cannot remove owned resource while borrowed",
        or To(BLOCKS);
    "task-drops-read-of-stream" "A destructor that another task runs drops a read of a stream in flight."
        => destructors::read_stream_in_task, or ToATaskLeft;
    "task-drops-read-of-future" "A destructor that another task runs drops a read of a future in flight."
        => destructors::read_future_in_task, or ToATaskLeft;
    "task-drops-write-of-stream" "A destructor that another task runs drops a write of a stream in flight."
        => destructors::write_stream_in_task, or ToATaskLeft;
    "task-drops-write-of-future" "A destructor that another task runs drops a write of a future in flight."
        => destructors::write_future_in_task, or ToATaskLeft;
    "task-drops-call" "A destructor that another task runs drops a call in flight."
        => destructors::call_in_task, or ToATaskLeft;
    "task-drops-call-with-loan" "A destructor that a task runs may wait for the call that it drops."
        => destructors::call_with_loan_in_task, or ToATaskLeft;
    "destructor-uses-others" "A destructor calls resources of its own and of another component, and destroys them in order."
        => destructors::uses_others;
    "destroyed-by-its-destructor" "A destructor has the host destroy its resource once more, which is refused."
        => destructors::by_itself;
    "destructor-traps" "A destructor that traps has run once, and does not run again."
        => destructors::traps, ends "the destructor gives up";
};

const CONVERSIONS: &[Program] = programs! {
    "typed-to-untyped-and-back" "A typed handle becomes an untyped one, passes through the guest, and becomes a typed one."
        => conversions::there_and_back;
    "typed-passes" "A typed handle passes through the guest, lent and owned."
        => conversions::typed;
    "converted-to-wrong-type" "An untyped handle becomes no typed one of another type, and stays what it was."
        => conversions::wrong_type;
    "converted-twice" "An untyped handle that was made a typed one is used up."
        => conversions::twice;
    "typed-converted-when-given" "A typed handle that was given to a guest becomes no untyped one."
        => conversions::typed_converted;
    "typed-given-twice" "A typed handle that was given to a guest cannot be given again."
        => conversions::typed_twice, ends "host resource already consumed";
    "typed-borrow-given" "A typed borrow cannot be passed where an owned handle is expected."
        => conversions::typed_borrow, ends "cannot lower a `borrow` resource into an `own`";
    "untyped-borrow" "A guest lends to the host, which takes it for an untyped handle, and makes that a typed one."
        => conversions::untyped_borrow;
    "borrow-converted-outside-of-calls" "A borrow becomes no untyped handle where no call is under way."
        => conversions::borrow_outside;
    "given-as-other-resource" "A resource cannot be passed as another one of the guest."
        => conversions::box_as_tool, ends "mismatched resource types";
    "lent-as-other-resource" "A method cannot be called on another resource."
        => conversions::box_called_as_tool, ends "mismatched resource types";
    "guest-resource-as-the-hosts" "A resource of the guest cannot be passed as one of the host."
        => conversions::tool_as_thing, ends "mismatched resource types";
    "host-resource-of-other-type" "A resource of the host cannot be passed as one of another type."
        => conversions::other_as_thing, ends "mismatched resource types";
};

const TYPES: &[Program] = programs! {
    "types-within-an-instance" "Within an instance, handles have the type of their resource, and different resources differ."
        => types::within;
    "types-across-instances" "Two instances of one component have different types of their own, and the same of what they import."
        => types::across;
    "handle-of-another-instance" "An instance does not take a handle of another one of its component."
        => types::of_another, ends "mismatched resource types";
    "types-across-stores" "A handle of another store is of another type, and is not taken."
        => types::stores;
    "destroyed-in-another-store" "A handle that is destroyed in another store destroys there what has its place, and nothing in its own."
        => types::destroyed_elsewhere;
};

const ENDS: &[Program] = programs! {
    "stream-out" "Resources come out of the guest through a stream, each to be called and destroyed."
        => ends::stream_out;
    "stream-in" "Resources go into the guest through a stream."
        => ends::stream_in;
    "stream-through" "A stream of resources comes out of the guest and goes back in."
        => ends::stream_through;
    "stream-out-in-part" "The host takes one resource of a stream and drops the end: the guest destroys the others."
        => ends::stream_out_in_part;
    "stream-out-unread" "The host drops a stream of resources unread."
        => ends::stream_out_unread;
    "future-out" "A resource comes out of the guest through a future."
        => ends::future_out;
    "future-out-unread" "The host drops a future unread."
        => ends::future_out_unread;
    "future-in" "A resource goes into the guest through a future."
        => ends::future_in;
    "ignored" "The guest drops a stream and a future unread: what was offered stays the host's."
        => ends::ignored;
    "typed-stream-through" "Resources of the host pass through the guest in streams."
        => ends::typed_stream_through;
};
