//! All schedules of the small worlds.

use crate::print::{clear_line, complain, say, tell};
use crate::sim::explore::{Explored, explain, explore};
use crate::sim::scenario::{Scenario, Small};
use crate::watch;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What came out of one world.
struct World {
    small: Small,
    explored: Explored,
    time: Duration,
    /// What was wrong, and what happened until then.
    failure: Option<(String, String)>,
}

/// Looks at them, and prints what came out. Returns whether all is well.
pub fn run(chosen: Option<Small>, bound: usize, json: bool) -> bool {
    let begin = Instant::now();
    let (mut schedules, mut failures, mut cut) = (0, 0, 0);
    let mut inconclusive = 0;
    let mut worlds = Vec::new();
    let all = Small::ALL.into_iter();
    for small in all.filter(|small| chosen.is_none_or(|chosen| chosen == *small)) {
        let world = look_at(small, bound);
        schedules += world.explored.schedules;
        cut += world.explored.cut;
        failures += u64::from(world.failure.is_some());
        inconclusive += world.explored.inconclusive;
        match json {
            true => worlds.push(world.json()),
            false => say(&world.text(), u8::from(failures + inconclusive > 0)),
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let is_well = failures == 0 && inconclusive == 0;
    if inconclusive > 0 {
        complain(&format!(
            "{inconclusive} schedules could not be brought to their end"
        ));
    }
    let code = u8::from(!is_well);
    if json {
        let all = json!({
            "runs": schedules,
            "failures": failures,
            "seconds": seconds,
            "cut": cut,
            "worlds": worlds,
        });
        say(&all.to_string(), code);
    } else {
        say(
            &format!("runs={schedules} failures={failures} seconds={seconds:.2} cut={cut}"),
            code,
        );
    }
    is_well
}

fn look_at(small: Small, bound: usize) -> World {
    let start = Instant::now();
    let mut shown = start;
    let mut explored = explore(small, bound, |explored| {
        watch::begin(explored.schedules, Scenario::Small(small));
        if explored.schedules % 1024 == 0 && shown.elapsed() > Duration::from_secs(1) {
            shown = Instant::now();
            let line = format!("{}: {} schedules", small.name(), explored.schedules);
            tell(&line, start);
        }
    });
    let time = start.elapsed();
    let failure = explored.failure.take().map(|(choices, message)| {
        let trace = explain(small, choices, bound).join("\n");
        (message, trace)
    });
    watch::end();
    clear_line();
    World {
        small,
        explored,
        time,
        failure,
    }
}

impl World {
    fn text(&self) -> String {
        let explored = &self.explored;
        let mut text = format!(
            "world={} schedules={} states={} deepest={} cut={} ({:.1} %) inconclusive={} \
             seconds={:.2}",
            self.small.name(),
            explored.schedules,
            explored.states,
            explored.deepest,
            explored.cut,
            100.0 * explored.share_cut(),
            explored.inconclusive,
            self.time.as_secs_f64(),
        );
        if let Some((message, trace)) = &self.failure {
            text.extend(["\n", trace, "\n=> ", message]);
        }
        text
    }

    fn json(&self) -> Value {
        let explored = &self.explored;
        let (message, trace) = self.failure.clone().unzip();
        json!({
            "world": self.small.name(),
            "schedules": explored.schedules,
            "states": explored.states,
            "deepest": explored.deepest,
            "cut": explored.cut,
            "share_cut": explored.share_cut(),
            "inconclusive": explored.inconclusive,
            "seconds": self.time.as_secs_f64(),
            "failure": message,
            "trace": trace,
        })
    }
}
