//! All schedules of a small world.

use super::choices::{Choices, is_cut, next_sequence};
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
    /// Runs in which the host had more to decide than the bound allows.
    pub cut: u64,
    /// Runs that could not be brought to their end.
    pub inconclusive: u64,
    /// The choices that failed, and how.
    pub failure: Option<(Vec<u32>, String)>,
}

impl Explored {
    /// The share of the schedules in which not all that the host can do was looked at.
    pub fn share_cut(&self) -> f64 {
        self.cut as f64 / self.schedules.max(1) as f64
    }
}

/// Runs a small world with each sequence of choices: all that guests choose, and the
/// first `bound` decisions of the host. Ends at a failure. Tells before each schedule
/// how far it is.
pub fn explore(small: Small, bound: usize, mut told: impl FnMut(&Explored)) -> Explored {
    let mut explored = Explored::default();
    let mut sequence = Some(Vec::new());
    while let Some(choices) = sequence.take() {
        told(&explored);
        // All but the last choice were seen before.
        let seen = choices.len().saturating_sub(1);
        let counted = Choices::counted(choices, bound);
        let Outcome {
            inconclusive,
            failure,
            taken,
            ..
        } = run(counted, Scenario::Small(small), false);
        explored.schedules += 1;
        explored.cut += u64::from(is_cut(&taken));
        explored.inconclusive += u64::from(inconclusive);
        if let Some(failure) = failure {
            let choices = taken.into_iter().map(|(choice, _)| choice).collect();
            explored.failure = Some((choices, failure));
            break;
        }
        explored.states += (taken.len() - seen.min(taken.len())) as u64;
        explored.deepest = explored.deepest.max(taken.len());
        sequence = next_sequence(taken);
    }
    explored
}

/// What happens in one of these runs.
pub fn explain(small: Small, choices: Vec<u32>, bound: usize) -> Vec<String> {
    let choices = Choices::counted(choices, bound);
    run(choices, Scenario::Small(small), true).trace
}
