//! All schedules of a small world.

use super::choices::{Choices, next_sequence};
use super::run::{Outcome, run};
use super::scenario::{Scenario, Small};

/// What was looked at.
#[derive(Default)]
pub struct Explored {
    /// Runs, no two of which are alike.
    pub schedules: u64,
    /// Places in which somebody had to choose.
    pub states: u64,
    /// Of these, the most in one run.
    pub deepest: usize,
    /// Runs that were ended because of the bound.
    pub cut: u64,
    /// Runs that could not be brought to their end.
    pub inconclusive: u64,
    /// The choices that failed, and how.
    pub failure: Option<(Vec<u32>, String)>,
}

/// Runs a small world with each sequence of choices, of which at most `bound` count.
/// Ends at a failure. Tells how far it is now and then.
pub fn explore(small: Small, bound: usize, mut told: impl FnMut(&Explored)) -> Explored {
    let mut explored = Explored::default();
    let mut sequence = Some(Vec::new());
    while let Some(choices) = sequence.take() {
        // All but the last choice were seen before.
        let seen = choices.len().saturating_sub(1);
        let counted = Choices::counted(choices, bound);
        let Outcome {
            inconclusive,
            failure,
            mut taken,
            ..
        } = run(counted, Scenario::Small(small), false);
        explored.schedules += 1;
        explored.cut += u64::from(taken.len() > bound);
        explored.inconclusive += u64::from(inconclusive);
        if let Some(failure) = failure {
            let choices = taken.into_iter().map(|(choice, _)| choice).collect();
            explored.failure = Some((choices, failure));
            break;
        }
        taken.truncate(bound);
        explored.states += (taken.len() - seen.min(taken.len())) as u64;
        explored.deepest = explored.deepest.max(taken.len());
        if explored.schedules.is_multiple_of(1024) {
            told(&explored);
        }
        sequence = next_sequence(taken);
    }
    explored
}

/// What happens in one of these runs.
pub fn explain(small: Small, choices: Vec<u32>) -> Vec<String> {
    let bound = choices.len();
    let choices = Choices::counted(choices, bound);
    run(choices, Scenario::Small(small), true).trace
}
