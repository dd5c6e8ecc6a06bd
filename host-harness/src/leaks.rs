//! What must not be left when a scenario has ended.

use std::any::TypeId;
use std::collections::HashMap;

use wasmtime::component::ResourceTable;

use crate::accounting::Live;

/// What a scenario left in the store's table of concurrent state.
///
/// wasmtime 48 never removes the task of a call between guests that returns at
/// once. Nobody has a handle of such a task, so that it is told from a leak by
/// two signs: no instance has any handle left, and all entries are of one type
/// (a stream or future that is left behind consists of two).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// How many entries.
    pub left: usize,
    /// How many types of entries.
    pub types: usize,
    /// How many calls between guests returned at once, so far as the runtimes
    /// of the guests recorded it.
    pub calls: Option<u64>,
}

/// Counts the entries of the table by their type.
pub fn entries(table: &mut ResourceTable) -> HashMap<TypeId, usize> {
    let mut counts = HashMap::new();
    for entry in table.iter_mut() {
        *counts.entry((*entry).type_id()).or_insert(0) += 1;
    }
    counts
}

impl Table {
    /// What came on top of what was there `before`.
    pub fn compare(before: &HashMap<TypeId, usize>, after: &HashMap<TypeId, usize>) -> Table {
        let more = after
            .iter()
            .map(|(ty, count)| count.saturating_sub(before.get(ty).copied().unwrap_or(0)));
        let more: Vec<usize> = more.filter(|count| *count > 0).collect();
        Table {
            left: more.iter().sum(),
            types: more.len(),
            calls: None,
        }
    }

    /// What is wrong with it, if anything is.
    fn leak(&self, guests: usize) -> Option<String> {
        let Table { left, types, calls } = *self;
        let where_ = "in the store's table of concurrent state";
        if left == 0 {
            None
        } else if guests < 2 {
            Some(format!(
                "{where_}: {left} entries, though no guest called another"
            ))
        } else if types > 1 {
            Some(format!(
                "{where_}: {left} entries of {types} types, not just tasks"
            ))
        } else {
            let calls = calls.filter(|calls| left as u64 > *calls)?;
            Some(format!(
                "{where_}: {left} tasks, but only {calls} calls returned at once"
            ))
        }
    }
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
    /// Handles of streams, futures, resources, subtasks or sets in the tables
    /// of all instances together.
    pub handles: usize,
    /// The store's table.
    pub table: Table,
    /// What does not balance in the books of the scenario.
    pub imbalance: Vec<String>,
}

impl Remains {
    /// What is left that should not be, in words; nothing if all is well. The guests said
    /// that so many blocks would be.
    pub fn leaks(&self, blocks: u32) -> Vec<String> {
        let mut leaks = Vec::new();
        let found: u32 = self.guests.iter().map(|(_, live)| live.blocks).sum();
        let as_announced = found == blocks;
        if !as_announced && blocks > 0 {
            leaks.push(format!(
                "{found} blocks lent to the host, where {blocks} were announced"
            ));
        }
        for (guest, live) in &self.guests {
            let counts = [
                (live.ends, "stream or future ends"),
                (live.operations, "operations"),
                (live.sets, "waitable sets"),
                (live.subtasks, "subtasks"),
                (live.orphans, "orphaned operations"),
                (
                    if as_announced { 0 } else { live.blocks },
                    "blocks lent to the host",
                ),
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
            leaks.push(format!(
                "in the host's resource table: {} entries{hint}",
                self.resources
            ));
        }
        if self.handles > 0 {
            leaks.push(format!(
                "in the handle tables of the instances: {} handles",
                self.handles
            ));
        }
        leaks.extend(self.imbalance.iter().cloned());
        leaks.extend(self.table.leak(self.guests.len()));
        leaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> Remains {
        Remains {
            guests: vec![
                ("runner".to_owned(), Live::default()),
                ("peer".to_owned(), Live::default()),
            ],
            resources: 0,
            printed: false,
            handles: 0,
            table: Table {
                left: 3,
                types: 1,
                calls: Some(3),
            },
            imbalance: Vec::new(),
        }
    }

    #[test]
    fn nothing_left_is_no_leak() {
        assert_eq!(clean().leaks(0), Vec::<String>::new());
    }

    #[test]
    fn each_place_is_named() {
        let mut remains = clean();
        remains.guests[1].1 = Live {
            ends: 2,
            blocks: 1,
            ..Live::default()
        };
        remains.resources = 1;
        remains.handles = 5;
        remains.imbalance.push("1 of 2 `coin` left".to_owned());
        let leaks = remains.leaks(0);
        assert_eq!(leaks.len(), 4, "{leaks:?}");
        assert_eq!(leaks[3], "1 of 2 `coin` left");
        assert_eq!(
            leaks[0],
            "in the runtime of peer: 2 stream or future ends, 1 blocks lent to the host"
        );
        assert!(leaks[1].contains("1 entries"), "{leaks:?}");
        assert!(leaks[2].contains("5 handles"), "{leaks:?}");
    }

    #[test]
    fn blocks_may_stay_that_were_announced_and_no_others() {
        let mut remains = clean();
        remains.guests[1].1.blocks = 2;
        assert_eq!(remains.leaks(2), Vec::<String>::new());
        for announced in [1, 3] {
            let leaks = remains.leaks(announced);
            let expected = format!("2 blocks lent to the host, where {announced} were announced");
            assert_eq!(leaks[0], expected);
        }
        assert_eq!(clean().leaks(1).len(), 1, "none is fewer than one");
    }

    #[test]
    fn only_tasks_of_calls_may_stay_in_the_table() {
        let leak = |left, types, calls, guests| Table { left, types, calls }.leak(guests);
        assert_eq!(leak(0, 0, Some(0), 1), None);
        assert_eq!(leak(7, 1, Some(7), 2), None);
        assert_eq!(leak(7, 1, None, 2), None);
        assert!(leak(1, 1, None, 1).is_some_and(|text| text.contains("no guest called")));
        assert!(leak(3, 2, Some(9), 2).is_some_and(|text| text.contains("2 types")));
        assert!(leak(8, 1, Some(7), 2).is_some_and(|text| text.contains("only 7 calls")));
    }

    #[test]
    fn a_table_is_compared_type_by_type() {
        let mut table = ResourceTable::new();
        let before = entries(&mut table);
        let number = table.push(1_u32).expect("room");
        table.push("text").expect("room");
        let both = entries(&mut table);
        assert_eq!(
            Table::compare(&before, &both),
            Table {
                left: 2,
                types: 2,
                calls: None
            }
        );
        table.delete(number).expect("there");
        let after = entries(&mut table);
        assert_eq!(
            Table::compare(&before, &after),
            Table {
                left: 1,
                types: 1,
                calls: None
            }
        );
    }
}
