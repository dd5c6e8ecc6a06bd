//! Exports whose tasks the promises are about.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/ends",
        world: "subject-guest",
        generate_all,
    });
}

use bindings::exports::test::ends::subject as wit;

// The same text for each runtime.
#[path = "../../subject.rs"]
mod subject;

guest_support::guest!(only_calls);
bindings::export!(Subject with_types_in bindings);

struct Subject;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Subject, wit_async }
