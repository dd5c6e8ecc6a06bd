//! What must not be left when a scenario has ended.

use serde::Serialize;

use crate::accounting::Live;

/// Entries of the store's table of concurrent state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// How many the scenario left behind.
    pub left: usize,
    /// How many of them may be wasmtime's own.
    pub tolerated: usize,
}

/// Everything that is looked at.
#[derive(Clone, Debug)]
pub struct Remains {
    /// For each guest its name and its counts.
    pub guests: Vec<(String, Live)>,
    /// Resources of the host that guests still own.
    pub resources: usize,
    /// Whether a guest used standard output, whose handles `std` keeps.
    pub printed: bool,
    /// The store's table.
    pub table: Table,
}

impl Remains {
    /// What is left that should not be, in words; nothing if all is well.
    pub fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        for (guest, live) in &self.guests {
            let counts = [
                (live.ends, "stream or future ends"),
                (live.operations, "operations"),
                (live.sets, "waitable sets"),
                (live.subtasks, "subtasks"),
                (live.orphans, "orphaned operations"),
                (live.blocks, "blocks lent to the host"),
            ];
            let left: Vec<String> = counts
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            if !left.is_empty() {
                leaks.push(format!("in the runtime of {guest}: {}", left.join(", ")));
            }
        }
        if self.resources > 0 {
            let hint = if self.printed {
                " (std keeps its handles of standard output: use `guest_support::log` instead)"
            } else {
                ""
            };
            leaks.push(format!("in the host's resource table: {} entries{hint}", self.resources));
        }
        let Table { left, tolerated } = self.table;
        if left > tolerated {
            leaks.push(format!(
                "in the store's table of concurrent state: {left} entries, of which {tolerated} \
                 can be wasmtime's own"
            ));
        }
        leaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> Remains {
        Remains {
            guests: vec![("runner".to_owned(), Live::default()), ("peer".to_owned(), Live::default())],
            resources: 0,
            printed: false,
            table: Table { left: 3, tolerated: 3 },
        }
    }

    #[test]
    fn nothing_left_is_no_leak() {
        assert_eq!(clean().leaks(), Vec::<String>::new());
    }

    #[test]
    fn each_place_is_named() {
        let mut remains = clean();
        remains.guests[1].1 = Live { ends: 2, blocks: 1, ..Live::default() };
        remains.resources = 1;
        remains.table.left = 4;
        let leaks = remains.leaks();
        assert_eq!(leaks.len(), 3, "{leaks:?}");
        assert_eq!(leaks[0], "in the runtime of peer: 2 stream or future ends, 1 blocks lent to the host");
        assert!(leaks[1].contains("1 entries"), "{leaks:?}");
        assert!(leaks[2].contains("4 entries, of which 3"), "{leaks:?}");
    }
}
