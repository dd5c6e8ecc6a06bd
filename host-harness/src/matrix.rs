//! Payload × direction × operation × timing, as it was really exercised.

use std::collections::BTreeMap;

use crate::accounting::Traced;

/// Prints what the runtimes of all guests recorded. Returns whether every
/// cell that can be filled is filled.
pub fn print(traces: &[Traced]) -> bool {
    let mut cells = BTreeMap::new();
    for operation in traces.iter().flat_map(|traced| &traced.operations) {
        let cell = (operation.kind, operation.payload.as_str(), operation.timing);
        *cells.entry(cell).or_insert(0) += operation.count;
    }
    for ((kind, payload, timing), count) in &cells {
        println!("{kind:?} of {payload}, {timing:?}: {count}");
    }
    !cells.is_empty()
}
