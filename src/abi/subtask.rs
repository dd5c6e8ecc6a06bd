//! Status of an async-lowered call.

use super::Waitable;

/// State of a subtask (canonical ABI, "Subtask State").
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum SubtaskState {
    /// The callee was not admitted yet; parameters are unread.
    Starting,
    /// The callee has read the parameters.
    Started,
    /// The result is written.
    Returned,
    /// Cancelled before the parameters were read: they are still ours.
    CancelledBeforeStarted,
    /// Cancelled after the parameters were read; there is no result.
    CancelledBeforeReturned,
}

impl SubtaskState {
    /// Decodes the payload of a subtask event or the result of `subtask.cancel`.
    ///
    /// # Panics
    ///
    /// If the host returns a state that the ABI does not have.
    pub(crate) fn decode(code: u32) -> SubtaskState {
        match code {
            0 => SubtaskState::Starting,
            1 => SubtaskState::Started,
            2 => SubtaskState::Returned,
            3 => SubtaskState::CancelledBeforeStarted,
            4 => SubtaskState::CancelledBeforeReturned,
            _ => panic!("the host returned {code:#x}, which is no state of a subtask"),
        }
    }

    /// Whether it is the last one.
    pub(crate) fn is_resolved(self) -> bool {
        !matches!(self, SubtaskState::Starting | SubtaskState::Started)
    }
}

/// What an async-lowered call returns.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct SubtaskStatus {
    pub(crate) state: SubtaskState,
    /// Absent when the call returned at once: there is nothing to drop then.
    pub(crate) waitable: Option<Waitable>,
}

impl SubtaskStatus {
    /// Splits the packed result of an async-lowered import.
    pub(crate) fn decode(packed: u32) -> SubtaskStatus {
        SubtaskStatus {
            state: SubtaskState::decode(packed & 0xf),
            waitable: Waitable::new(packed >> 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state() {
        use SubtaskState::*;
        let states = [
            Starting,
            Started,
            Returned,
            CancelledBeforeStarted,
            CancelledBeforeReturned,
        ];
        for (code, state) in (0u32..).zip(states) {
            assert_eq!(SubtaskState::decode(code), state);
            let status = SubtaskStatus::decode(77 << 4 | code);
            assert_eq!(status.state, state);
            assert_eq!(status.waitable, Waitable::new(77));
        }
    }

    #[test]
    fn a_call_that_returned_has_no_waitable() {
        assert_eq!(SubtaskStatus::decode(2).waitable, None);
    }

    #[test]
    #[should_panic(expected = "0x5, which is no state of a subtask")]
    fn an_unknown_state_is_named() {
        SubtaskState::decode(5);
    }
}
