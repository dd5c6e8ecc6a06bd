//! Runs generated guests on a simulated host, each decision of which comes from a
//! seed.
//!
//! ```sh
//! cargo run --release --example simulate -- --runs 1000000 --seed 1
//! cargo run --release --example simulate -- --replay 4711
//! ```
//!
//! A failure ends the run with exit code 1: its seed is printed, and the shortest
//! trace that fails in the same way.

mod arguments;
#[path = "../../tests/host/mod.rs"]
mod host;
mod planted;
mod print;
mod report;
mod seeds;
#[path = "../../tests/sim/mod.rs"]
mod sim;
mod small;
mod watch;

use arguments::{Arguments, Mode, arguments};
use print::{complain, say};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: sim::heap::Counting = sim::heap::Counting;

fn main() -> ExitCode {
    let asked = arguments().map_err(|error| error.to_string());
    let asked = asked.and_then(|asked| planted::prepare().map(|()| asked));
    let Arguments {
        mode,
        patience,
        json,
    } = match asked {
        Ok(asked) => asked,
        Err(error) => {
            complain(&format!("error: {error}\n--help tells what there is."));
            return ExitCode::from(2);
        }
    };
    if !matches!(mode, Mode::Help) {
        watch::start(patience);
    }
    let is_well = match mode {
        Mode::Help => {
            say(&arguments::usage(), 0);
            true
        }
        Mode::Seeds(seeds) => seeds::run_all(&seeds, json),
        Mode::Small { world, bound } => small::run(world, bound, json),
        Mode::Replay {
            seed,
            scenario,
            fault,
        } => seeds::replay(seed, scenario, fault, json),
    };
    match is_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
