//! A negative test: what comes to a site of the host's table, and what the trap
//! says.

use crate::host::{self, Host, Rules, Site, panic_message};
use std::rc::Rc;

type Run = Box<dyn Fn(&Rc<Host>)>;

/// One way to come to a site.
pub struct Row {
    pub site: Site,
    /// The built-in that traps, as the table of sites names it.
    pub by: String,
    /// What the trap says besides the rule.
    what: String,
    rules: Rules,
    run: Run,
}

/// A row, on a host that does what the specification says and nothing more.
pub fn row(
    site: Site,
    by: impl Into<String>,
    what: impl Into<String>,
    run: impl Fn(&Rc<Host>) + 'static,
) -> Row {
    Row {
        site,
        by: by.into(),
        what: what.into(),
        rules: Rules::STRICT,
        run: Box::new(run),
    }
}

impl Row {
    /// The same, on another host.
    pub fn with(self, rules: Rules) -> Row {
        Row { rules, ..self }
    }

    /// Asserts that it traps, just there.
    pub fn check(&self) {
        let host = host::install_with(self.rules);
        host.leaks_on_purpose();
        let found = panic_message(|| (self.run)(&host));
        let expected = format!("trap: {} (canonical ABI, {})", self.what, self.site.rule());
        assert_eq!(found, expected, "{:?} by {}", self.site, self.by);
    }
}
