//! The same exports on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/ends",
        world: "subject-v63-guest",
        generate_all,
    });
}

use bindings::exports::test::ends::subject_v63 as wit;

// The same text for each runtime.
#[path = "../../subject.rs"]
mod subject;

guest_support::guest!();
bindings::export!(Subject with_types_in bindings);

struct Subject;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Subject, wit_bindgen }
