//! Methods of each kind.

use std::cell::RefCell;

use guest_support::ledger::Booked;

use super::{GATES, a_while, wit};

/// A resource with a label.
pub struct Tool {
    label: RefCell<String>,
    _booked: Booked,
}

impl Tool {
    fn of(label: String) -> Tool {
        Tool {
            label: RefCell::new(label),
            _booked: Booked::new("tool"),
        }
    }
}

/// An owned handle of a new tool.
pub fn make(label: String) -> wit::Tool {
    wit::Tool::new(Tool::of(label))
}

pub fn label(tool: &wit::Tool) -> String {
    tool.get::<Tool>().label.borrow().clone()
}

fn both(first: &wit::ToolBorrow<'_>, second: &wit::ToolBorrow<'_>) -> wit::Tool {
    let label = |tool: &wit::ToolBorrow<'_>| tool.get::<Tool>().label.borrow().clone();
    make(label(first) + &label(second))
}

impl wit::GuestTool for Tool {
    fn new(label: String) -> Tool {
        Tool::of(label)
    }

    fn label(&self) -> String {
        self.label.borrow().clone()
    }

    fn rename(&self, label: String) {
        self.label.replace(label);
    }

    async fn describe(&self, prefix: String) -> String {
        a_while().await;
        prefix + &self.label.borrow()
    }

    async fn hold(&self) -> String {
        let released = GATES.with_borrow_mut(|gates| gates.wait(0));
        released.await.expect("nobody drops the gates");
        self.label.borrow().clone()
    }

    fn join(first: wit::ToolBorrow<'_>, second: wit::ToolBorrow<'_>) -> wit::Tool {
        both(&first, &second)
    }

    async fn join_later(first: wit::ToolBorrow<'_>, second: wit::ToolBorrow<'_>) -> wit::Tool {
        a_while().await;
        both(&first, &second)
    }

    async fn forge(label: String) -> wit::Tool {
        a_while().await;
        make(label)
    }

    async fn melt(first: wit::Tool, second: wit::Tool) -> wit::Tool {
        a_while().await;
        make(label(&first) + &label(&second))
    }

    fn lend_and_give(_: wit::ToolBorrow<'_>, second: wit::Tool) {
        drop(second);
    }
}

/// A resource that may own another one.
pub struct Case {
    tool: RefCell<Option<wit::Tool>>,
    _booked: Booked,
}

impl Case {
    pub fn with(tool: Option<wit::Tool>) -> Case {
        Case {
            tool: RefCell::new(tool),
            _booked: Booked::new("box"),
        }
    }
}

impl wit::GuestBox for Case {
    fn new() -> Case {
        Case::with(None)
    }

    fn put(&self, tool: wit::Tool) {
        self.tool.replace(Some(tool));
    }

    fn take(&self) -> Option<wit::Tool> {
        self.tool.take()
    }
}
