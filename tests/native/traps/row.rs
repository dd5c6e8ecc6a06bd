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
    /// On which hosts.
    on: fn(&Rules) -> bool,
    run: Run,
}

/// A row, which is the same on all hosts.
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
        on: |_| true,
        run: Box::new(run),
    }
}

impl Row {
    /// The same, on those hosts only.
    pub fn on(self, on: fn(&Rules) -> bool) -> Row {
        Row { on, ..self }
    }

    /// Asserts that it traps, just there, on each host that it is for.
    pub fn check(&self) {
        let mut hosts = Rules::all().filter(self.on).peekable();
        assert!(hosts.peek().is_some(), "{:?} by {}", self.site, self.by);
        hosts.for_each(|rules| self.check_on(rules));
    }

    fn check_on(&self, rules: Rules) {
        let host = host::install_with(rules);
        host.leaks_on_purpose();
        let found = panic_message(|| (self.run)(&host));
        let expected = format!("trap: {} (canonical ABI, {})", self.what, self.site.rule());
        assert_eq!(
            found, expected,
            "{:?} by {} with {rules:?}",
            self.site, self.by
        );
    }
}
