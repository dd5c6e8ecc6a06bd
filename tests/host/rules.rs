//! What hosts may do differently, and a runtime has to live with: one switch each.

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident = $strict:literal;)*) => {
        /// What hosts may do differently.
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        pub struct Rules {
            $($(#[$doc])* pub $name: bool,)*
            /// Of several events the one of the member that joined last comes first. No
            /// switch: in a simulation the sequence of choices says which comes first.
            pub last_member_first: bool,
        }

        impl Rules {
            /// What the text of the specification says and nothing more.
            pub const STRICT: Rules = Rules {
                $($name: $strict,)*
                last_member_first: false,
            };

            /// The switches. A random run draws each of them by itself.
            pub const SWITCHES: [&'static str; [$($strict),*].len()] = [$(stringify!($name)),*];

            /// The switches and how they are set.
            pub fn named(&self) -> [(&'static str, bool); Rules::SWITCHES.len()] {
                [$((stringify!($name), self.$name)),*]
            }

            /// The switches as `set` says, which is asked for them in order.
            pub fn drawn(mut set: impl FnMut(&'static str) -> bool) -> Rules {
                Rules {
                    $($name: set(stringify!($name)),)*
                    last_member_first: false,
                }
            }
        }
    };
}

switches! {
    /// An idle end is told unasked that the other end is gone, as wasmtime does.
    notices = false;
    /// A cancel that finds items copied says COMPLETED, as the older text of the
    /// specification has it, in place of CANCELLED.
    cancel_says_completed = false;
    /// An end that was told at once that the other one is gone is told again, as
    /// wasmtime does.
    stale_notices = false;
    /// A peer traps that writes what needs lifting into a read whose task has
    /// exited, or returns a result to it, as wasmtime does.
    results_need_task = false;
    /// A synchronous cancel in a synchronous task traps, even if it would not
    /// block, as wasmtime does.
    no_cancel_in_sync_task = false;
    /// A synchronous `subtask.cancel` or `cancel-*` of a member of a set traps, as
    /// the specification has it since May 2026. Before that it took what there was to
    /// tell, and the waitable stayed in its set.
    no_cancel_in_set = true;
    /// The host's imports return inside of the call, whatever it takes them: nothing
    /// waits for them, and no subtask is made.
    calls_return_at_once = false;
}

impl Default for Rules {
    fn default() -> Rules {
        Rules::STRICT
    }
}

impl Rules {
    /// All combinations of the switches.
    pub fn all() -> impl Iterator<Item = Rules> {
        (0..1_usize << Rules::SWITCHES.len()).map(|combination| {
            let mut bits = combination;
            Rules::drawn(|_| {
                let bit = bits & 1 == 1;
                bits >>= 1;
                bit
            })
        })
    }
}
