//! What a world has done that hosts do, to see that a host which is meant to do all of it
//! does.

/// Something that a host does.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// There are two instances.
    Instances,
    /// Two tasks of one instance are underway.
    Tasks,
    /// A call is held back, for its instance has raised backpressure or somebody waits
    /// longer: its caller sees STARTING.
    HeldBack,
    /// A call is held back, for another task has the lock.
    Locked,
    /// It is admitted later.
    Admitted,
    /// A call is cancelled whose callee was not admitted.
    CancelBeforeStart,
    /// A callee is to be cancelled that does not wait: the request is pending.
    CancelPending,
    CancelDelivered,
    /// A callee that was cancelled takes its time, and returns all the same.
    CancelOutlived,
    /// An operation that was in a task of other bindings goes on in one of ours.
    Moved,
    /// A task of other bindings stays for what was begun in it.
    ForeignStays,
    /// A synchronous export is called while other code of the instance is blocked.
    SyncWhileBlocked,
    /// Several members of a set had an event, and one was chosen.
    EventChosen,
    /// A blocked cancel goes on for a while, and the end that it waits for acts.
    SlowCancel,
    /// What an end of the host does.
    Reads,
    Writes,
    Settles,
    Cancels,
    Drops,
    Stalls,
    /// It finishes a copy of a guest with nothing.
    Nothing,
}

impl Seen {
    pub const ALL: [Seen; 21] = [
        Seen::Instances,
        Seen::Tasks,
        Seen::HeldBack,
        Seen::Locked,
        Seen::Admitted,
        Seen::CancelBeforeStart,
        Seen::CancelPending,
        Seen::CancelDelivered,
        Seen::CancelOutlived,
        Seen::Moved,
        Seen::ForeignStays,
        Seen::SyncWhileBlocked,
        Seen::EventChosen,
        Seen::SlowCancel,
        Seen::Reads,
        Seen::Writes,
        Seen::Settles,
        Seen::Cancels,
        Seen::Drops,
        Seen::Stalls,
        Seen::Nothing,
    ];

    /// A set of it alone.
    pub fn bit(self) -> u32 {
        1 << self as u32
    }
}
