//! Calls exports of each runtime, and looks at what becomes of their tasks.

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/ends",
        world: "promises-driver",
        generate_all,
    });
}

mod program;
mod subject;

use bindings::exports::test::ends as wit;
use subject::{Own, V63};

guest_support::guest!();
bindings::export!(Driver with_types_in bindings);

struct Driver;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Driver, wit_async }

/// What a program comes to, if it is anything but the promise.
enum Comes {
    ToTheSame,
    /// To a trap or a failed assertion, which says this.
    To(&'static str),
    /// To a task that waits for ever.
    ToATaskLeft,
}

impl Comes {
    fn announce(self) {
        match self {
            Comes::ToTheSame => {}
            Comes::To(text) => guest_support::expect_trap(text),
            Comes::ToATaskLeft => guest_support::leaves_a_task(),
        }
    }
}

/// The same calls for each runtime, and what they come to on 0.63.
macro_rules! calls {
    ($($name:ident: $comes:expr;)*) => {
        impl wit::scenarios_promises_calls::Guest for Driver {
            $(async fn $name() {
                program::$name::<Own>().await;
            })*
        }

        impl wit::scenarios_promises_calls_v63::Guest for Driver {
            $(async fn $name() {
                $comes.announce();
                program::$name::<V63>().await;
            })*
        }
    };
}

/// What the host says to a cancel in synchronous code.
const BLOCKS: &str = "cannot block a synchronous task before returning";

calls! {
    // Finished in another task, and the first one waits on its empty set.
    read_outlives_its_task: Comes::ToATaskLeft;
    write_finished_in_another_task: Comes::ToATaskLeft;
    write_dropped_in_another_task: Comes::ToATaskLeft;
    write_dropped_outside_of_tasks: Comes::To(BLOCKS);
    read_dropped_outside_of_tasks: Comes::To(BLOCKS);
    read_dropped_in_destructor_while_blocked: Comes::To(BLOCKS);
    cancel_writes_default: Comes::ToTheSame;
    call_left_to_finish: Comes::ToTheSame;
    cancelled_while_busy: Comes::To("cancelled when 100000 of 100000 items were read");
}
