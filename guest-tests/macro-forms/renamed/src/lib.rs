//! A guest with the code of a user of wit-bindgen, whose manifest says wit-async.

/// Bindings three modules deep: the path of the runtime must be good here too.
mod one {
    pub mod two {
        pub mod three {
            wit_bindgen::generate!({
                path: "../../../wit/macro-forms",
                world: "renamed",
                generate_all,
            });
        }
    }
}

/// Each of the other forms of the macro's input.
mod forms {
    pub mod world {
        wit_bindgen::generate!("chosen");
    }
    pub mod world_and_path {
        wit_bindgen::generate!("world-path" in "../../../wit/macro-forms");
    }
    pub mod path {
        wit_bindgen::generate!(in "../../../wit/macro-forms/alone.wit");
    }
    pub mod options {
        wit_bindgen::generate!({ world: "options", path: ["../../../wit/macro-forms"] });
    }
}

/// The namespace of this package makes a module by the name of the crate.
mod shadow {
    ::wit_bindgen::generate!({
        inline: "
            package wit-bindgen:shadow;
            interface hides {
                flags bits { low, high }
                pass: async func(bits: bits, words: stream<string>) -> future<bits>;
            }
            world shadow {
                import hides;
            }
        ",
        path: [],
    });

    pub const HIGH: u8 = self::wit_bindgen::shadow::hides::Bits::HIGH.bits();
}

#[path = "../../exercise.rs"]
mod exercise;

use exercise::Forms;
use one::two::three as bindings;
use wit_bindgen as runtime;

guest_support::guest!();
bindings::export!(Forms with_types_in bindings);

impl bindings::exports::test::macro_forms::scenarios_renamed::Guest for Forms {
    async fn kinds() {
        exercise::kinds().await;
    }

    async fn spawned() {
        exercise::spawned().await;
    }

    fn synchronous() {
        exercise::synchronous();
    }

    async fn forms() {
        use forms::{options, path, world, world_and_path};

        assert_eq!(world::test::macro_forms::form_world::which().await, "world");
        assert_eq!(
            world_and_path::test::macro_forms::form_world_path::which().await,
            "world and path"
        );
        assert_eq!(path::test::macro_forms::form_path::which().await, "path");
        assert_eq!(
            options::test::macro_forms::form_options::which().await,
            "options"
        );
    }

    async fn depths() {
        assert_eq!(shadow::HIGH, 2);
        exercise::kinds().await;
    }
}
