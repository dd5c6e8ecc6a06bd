//! The counters of a guest that runs.

use std::collections::BTreeMap;

use wasmtime::component::{Component, Instance, TypedFunc};
use wasmtime::{Result, Store};

use super::component::{FUNCTION, INTERFACE};
use super::names;
use super::plan::{ALLOCATION, DELIVERY};

/// How often what was called, by its name in the specification, and how often something
/// was allocated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts(BTreeMap<String, f64>);

impl Counts {
    /// How many calls left the guest.
    pub fn calls(&self) -> f64 {
        self.of(leaves)
    }

    /// How often the host called a callback: told a task of an event, or that it is its
    /// turn.
    pub fn deliveries(&self) -> f64 {
        self.of(|name| name == DELIVERY)
    }

    /// How often the slots of the task were read and written: calls that hosts compile to
    /// a load or a store.
    pub fn context(&self) -> f64 {
        self.of(names::is_context)
    }

    /// How often something was allocated.
    pub fn allocations(&self) -> f64 {
        self.of(|name| name == ALLOCATION)
    }

    /// The calls that left the guest, by their names. None that did not come.
    pub fn by_name(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .filter(|(name, count)| *count != 0.0 && leaves(name))
    }

    /// How much more it is than `before`, for each of so many times.
    pub fn since(&self, before: &Counts, times: f64) -> Counts {
        let more = self.0.iter().map(|(name, count)| {
            let before = before.0.get(name).copied().unwrap_or_default();
            (name.clone(), (count - before) / times)
        });
        Counts(more.collect())
    }

    fn of(&self, wanted: impl Fn(&str) -> bool) -> f64 {
        let found = self.0.iter().filter(|(name, _)| wanted(name));
        // Beginning with 0.0: the sum of nothing is -0.0.
        found.fold(0.0, |sum, (_, count)| sum + count)
    }
}

/// Whether what is counted under this name is calls that leave the guest.
fn leaves(name: &str) -> bool {
    name != ALLOCATION && name != DELIVERY && !names::is_context(name)
}

impl FromIterator<(String, f64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (String, f64)>>(figures: I) -> Counts {
        Counts(figures.into_iter().collect())
    }
}

/// The counters of one instance.
pub struct Counters<'a> {
    names: &'a [String],
    read: TypedFunc<(u32,), (u64,)>,
}

impl<'a> Counters<'a> {
    /// Finds those of an instance of a component that was rewritten: what they are of was
    /// said then.
    ///
    /// # Errors
    ///
    /// When the component does not count.
    pub fn find<T: Send + 'static>(
        names: &'a [String],
        component: &Component,
        instance: &Instance,
        store: &mut Store<T>,
    ) -> Result<Counters<'a>> {
        let index = component
            .get_export_index(None, INTERFACE)
            .and_then(|index| component.get_export_index(Some(&index), FUNCTION))
            .ok_or_else(|| wasmtime::format_err!("the guest does not count: no `{INTERFACE}`"))?;
        let read = instance.get_typed_func(store, index)?;
        Ok(Counters { names, read })
    }

    /// All that was counted so far.
    ///
    /// # Errors
    ///
    /// When the guest has trapped.
    pub async fn read<T: Send + 'static>(&self, store: &mut Store<T>) -> Result<Counts> {
        let mut counts = BTreeMap::new();
        for (index, name) in (0..).zip(self.names) {
            let (count,) = self.read.call_async(&mut *store, (index,)).await?;
            counts.insert(name.clone(), count as f64);
        }
        Ok(Counts(counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(figures: &[(&str, f64)]) -> Counts {
        let figures = figures.iter();
        figures
            .map(|(name, count)| (name.to_string(), *count))
            .collect()
    }

    #[test]
    fn what_stays_in_the_guest_is_counted_apart() {
        let counts = counts(&[
            ("allocation", 2.0),
            ("context.get", 5.0),
            ("delivery", 6.0),
            ("stream.read", 1.0),
            ("subtask.drop", 0.0),
            ("waitable.join", 3.0),
        ]);
        assert_eq!(counts.calls(), 4.0);
        assert_eq!(counts.context(), 5.0);
        assert_eq!(counts.allocations(), 2.0);
        assert_eq!(counts.deliveries(), 6.0);
        let by_name: Vec<_> = counts.by_name().collect();
        assert_eq!(by_name, [("stream.read", 1.0), ("waitable.join", 3.0)]);
        assert!(Counts::default().calls().is_sign_positive());
    }

    #[test]
    fn what_was_there_before_is_not_counted() {
        let before = counts(&[("import", 7.0)]);
        let after = counts(&[("import", 17.0), ("task.return", 5.0)]);
        let each = after.since(&before, 10.0);
        assert_eq!(each, counts(&[("import", 1.0), ("task.return", 0.5)]));
    }
}
