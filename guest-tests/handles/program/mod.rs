//! What the workshop does, on each runtime.

mod tool;

use crate::Workshop;
use crate::bindings::exports::test::handles::workshop as wit;

impl wit::Guest for Workshop {
    type Tool = tool::Tool;
}
