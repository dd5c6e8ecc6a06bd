//! Methods of each kind.

use guest_support::ledger::Booked;

use super::wit;

/// A resource with a label.
pub struct Tool {
    label: String,
    _booked: Booked,
}

impl Tool {
    pub fn of(label: String) -> Tool {
        Tool {
            label,
            _booked: Booked::new("tool"),
        }
    }
}

impl wit::GuestTool for Tool {
    fn new(label: String) -> Tool {
        Tool::of(label)
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}
