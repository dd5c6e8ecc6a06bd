//! Making a failure small: the shortest and smallest choices that fail alike.

use super::choices::Choices;
use super::run::run;
use super::scenario::Scenario;

/// How many runs it may take.
const TRIES: usize = 4000;

/// The sequence of choices of a seed.
pub fn sequence_of(seed: u64, scenario: Scenario) -> Vec<u32> {
    let outcome = run(Choices::of_seed(seed).kept(), scenario, false);
    outcome
        .taken
        .into_iter()
        .map(|(choice, _)| choice)
        .collect()
}

/// What kind of failure it is: its words, without numbers and what is in lists, or
/// one with fewer items would be another kind.
pub fn kind(failure: &str) -> String {
    let line = failure.lines().next().unwrap_or_default();
    let mut lists = 0;
    line.chars()
        .filter(|c| {
            lists += i32::from(*c == '[') - i32::from(*c == ']');
            lists == 0 && !c.is_ascii_digit()
        })
        .take(60)
        .collect()
}

/// A small sequence that fails in the same way. Tells before each run that it goes on.
pub fn shrink(mut sequence: Vec<u32>, scenario: Scenario, mut told: impl FnMut()) -> Vec<u32> {
    let mut fails = |sequence: &[u32]| {
        told();
        let outcome = run(Choices::given(sequence.to_vec()), scenario, false);
        outcome.failure.as_deref().map(kind)
    };
    let Some(wanted) = fails(&sequence) else {
        return sequence;
    };
    let mut tries = 0;
    let mut smaller = true;
    while smaller && tries < TRIES {
        smaller = false;
        let mut attempt = |candidate: Vec<u32>, sequence: &mut Vec<u32>| {
            tries += 1;
            let better = fails(&candidate).as_ref() == Some(&wanted);
            if better {
                *sequence = candidate;
            }
            better
        };
        // Leave out pieces, large ones first.
        let mut size = sequence.len().next_power_of_two() / 2;
        while size > 0 {
            let mut at = 0;
            while at < sequence.len() {
                let mut candidate = sequence.clone();
                candidate.drain(at..(at + size).min(candidate.len()));
                if attempt(candidate, &mut sequence) {
                    smaller = true;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        // Make single choices smaller.
        for at in 0..sequence.len() {
            for value in [0, sequence.get(at).copied().unwrap_or(0) / 2] {
                if sequence.get(at).is_some_and(|choice| *choice > value) {
                    let mut candidate = sequence.clone();
                    candidate[at] = value;
                    smaller |= attempt(candidate, &mut sequence);
                }
            }
        }
    }
    sequence
}
