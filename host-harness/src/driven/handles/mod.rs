//! Resources of a guest in the hands of the host: `wit/handles`.

mod methods;

use super::{Program, programs};

/// The interface that is driven.
pub const INTERFACE: &str = "test:handles/workshop@0.1.0";

/// All of this theme.
pub fn programs() -> impl Iterator<Item = &'static Program> {
    [METHODS].into_iter().flatten()
}

const METHODS: &[Program] = programs! {
    "constructor" "A constructor makes a resource, which the host owns and destroys."
        => methods::constructor;
};
