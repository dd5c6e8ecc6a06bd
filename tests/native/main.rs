//! The runtime on the host of the native tests, part by part.
//!
//! | module | holds |
//! |---|---|
//! | `traps`, `races`, `hosted` | the host itself: where it traps, what races come to, what it delivers |
//! | `future`, `stream`, `ended`, `items`, `buffer` | ends, and the memory of their operations |
//! | `ahead` | adapters that read ahead |
//! | `classes` | the classes of payloads |
//! | `defaults` | what writers of futures write that go away unwritten |
//! | `told` | streams whose built-ins answer as they are told |
//! | `import`, `passed` | calls; those of each class of payload |
//! | `task`, `spawn`, `block_on`, `wake`, `moved`, `cancelled` | the executor |
//! | `fair` | turns that end although there is more to do |
//! | `withheld` | what does not start in a turn that ends, and what always does |
//! | `scope`, `scope_ends`, `join_set` | futures that are spawned together |
//! | `lent` | writes from a buffer that stays with the caller |
//! | `limiter` | guards: calls that are held back |
//! | `alone` | operations that are dropped where they cannot be cancelled |
//! | `adrift` | how those are counted |
//! | `asked` | calls that are cancelled without waiting for the callee |
//! | `kept` | reads that are dropped in flight: what they transfer is kept |
//! | `kept_meanwhile`, `kept_by_others` | the same, where other things happen at the same time, and in other tasks |
//! | `kept_values` | futures that are awaited by reference |
//! | `guests` | what belongs to no task, while tasks sleep |
//! | `hidden` | synchronous code while a task is blocked in something else |
//! | `synchronous` | what else synchronous code can do and cannot |
//! | `begun` | helpers of the two: operations that one task begins and others drop |
//! | `pairs`, `apart`, `carried` | ends that never left the instance, those that did since, and those inside of items |
//! | `requested` | tasks that observe that they are cancelled |
//! | `cabi`, `foreign` | other versions of the bindings: our operations on their executors, theirs on ours |
//! | `printed` | what things print of themselves |
//! | `panic` | foreign code that panics |
//! | `regressions` | what broke other runtimes and is tested nowhere else |

#![cfg(all(feature = "async", feature = "std"))]

#[path = "../host/mod.rs"]
mod host;

#[cfg(feature = "diagnostics")]
mod adrift;
mod ahead;
mod alone;
mod apart;
mod asked;
mod begun;
mod block_on;
mod buffer;
mod cabi;
mod cancelled;
mod carried;
mod classes;
mod defaults;
mod ended;
mod fair;
mod foreign;
mod future;
mod guests;
mod hidden;
mod hosted;
mod import;
mod items;
mod join_set;
mod kept;
mod kept_by_others;
mod kept_meanwhile;
mod kept_values;
mod lent;
mod limiter;
mod moved;
mod pairs;
mod panic;
mod passed;
mod printed;
mod races;
mod regressions;
mod requested;
mod scope;
mod scope_ends;
mod spawn;
mod stream;
mod synchronous;
mod task;
mod told;
mod traps;
mod wake;
mod withheld;
