//! placeholder
#[path = "../tests/host/mod.rs"]
mod host;
#[path = "../tests/sim/mod.rs"]
mod sim;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().unwrap());
    let (seed, runs) = (arguments.next().unwrap(), arguments.next().unwrap());
    if std::env::var_os("LOUD").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let start = std::time::Instant::now();
    let mut inconclusive = 0;
    let mut stats = sim::stats::Stats::default();
    for seed in seed..seed + runs {
        let outcome = sim::run::run(sim::choices::Choices::of_seed(seed), false);
        stats.add(&outcome.stats);
        inconclusive += u64::from(outcome.inconclusive);
        if let Some(failure) = outcome.failure {
            println!("seed {seed}: {failure}");
            let sequence = sim::shrink::sequence_of(seed);
            let small = sim::shrink::shrink(sequence);
            let outcome = sim::run::run(sim::choices::Choices::given(small.clone()), true);
            println!(
                "small: {small:?}\n{}\n{:?}",
                outcome.trace.join("\n"),
                outcome.failure
            );
            return;
        }
    }
    println!(
        "{runs} runs, {inconclusive} inconclusive, {:?}",
        start.elapsed()
    );
    for (key, count) in &stats.counts {
        println!("{key:?}: {count}");
    }
}
