//! Every scenario of `guest-tests/` is a test: `cargo test --release` runs
//! them all, and names, filters, `--list` and `--exact` work as usual.

use std::process::ExitCode;
use std::sync::Arc;

use host_harness::host::Limits;
use host_harness::progress::Progress;
use host_harness::suite::{self, Suite};
use host_harness::verdict::{Outcome, Verdict};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let progress = Progress::shown();
    let suite =
        suite::workspaces().and_then(|workspaces| Suite::build(&workspaces, &[], &progress));
    progress.finish();
    match suite {
        Ok(suite) => libtest_mimic::run(&arguments, trials(suite)).exit_code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn trials(suite: Suite) -> Vec<Trial> {
    let suite = Arc::new(suite);
    let problems = suite
        .problems
        .iter()
        .cloned()
        .map(|problem| Trial::test(problem.name.clone(), move || judge(&problem.outcome())));
    let scenarios = suite.scenarios.iter().cloned().map(|scenario| {
        let suite = suite.clone();
        Trial::test(scenario.name.clone(), move || {
            judge(&suite.run(&scenario, &Limits::default()))
        })
    });
    problems.chain(scenarios).collect()
}

fn judge(outcome: &Outcome) -> Result<(), Failed> {
    match &outcome.verdict {
        Verdict::Passed => Ok(()),
        Verdict::Failed { failure } => Err(failure.describe(&outcome.guests).into()),
    }
}
