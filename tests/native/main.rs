//! The runtime on the host of the native tests, part by part.
//!
//! | module | holds |
//! |---|---|
//! | `traps`, `races` | the host itself: where it traps, what races come to |
//! | `future`, `stream`, `ended`, `items`, `buffer` | ends, and the memory of their operations |
//! | `told` | streams whose built-ins answer as they are told |
//! | `import` | calls |
//! | `task`, `wake`, `moved`, `cancelled` | the executor |
//! | `scope`, `join_set` | futures that are spawned together |
//! | `limiter` | guards: calls that are held back |
//! | `alone` | operations that are dropped where they cannot be cancelled |
//! | `pairs` | ends that never left the instance |
//! | `cabi` | other versions of the bindings |
//! | `panic` | foreign code that panics |
//! | `regressions` | what broke other runtimes and is tested nowhere else |

#![cfg(all(feature = "async", feature = "std"))]

#[path = "../host/mod.rs"]
mod host;

mod alone;
mod buffer;
mod cabi;
mod cancelled;
mod ended;
mod future;
mod import;
mod items;
mod join_set;
mod limiter;
mod moved;
mod pairs;
mod panic;
mod races;
mod regressions;
mod scope;
mod stream;
mod task;
mod told;
mod traps;
mod wake;
