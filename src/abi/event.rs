//! Events, as the callback and `waitable-set.{wait,poll}` deliver them.

use super::{Copied, SubtaskState, Waitable};

/// What an event says about its waitable: a packed copy result or a state of
/// a subtask. Whoever started the operation knows how to decode it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Payload {
    /// The integer of an event about a copy, or of one whose kind is not known.
    Code(u32),
    /// The state of a subtask.
    Subtask(u32),
    /// What a copy came to that the host knows nothing of.
    Here(Copied),
}

impl Payload {
    /// The integer.
    pub(crate) fn code(self) -> u32 {
        match self {
            Payload::Code(code) | Payload::Subtask(code) => code,
            Payload::Here(_) => unreachable!("only copies happen without the host"),
        }
    }

    /// What a copy came to.
    pub(crate) fn copied(self) -> Copied {
        match self {
            Payload::Here(copied) => copied,
            Payload::Code(_) | Payload::Subtask(_) => Copied::decode(self.code()),
        }
    }

    /// Whether the host knows nothing of it.
    pub(crate) fn is_here(self) -> bool {
        matches!(self, Payload::Here(_))
    }

    /// Whether this is the state of a subtask.
    pub(crate) fn is_subtask(self) -> bool {
        matches!(self, Payload::Subtask(_))
    }

    /// Whether this says of a stream or future that the other end is gone.
    pub(crate) fn is_dropped(self) -> bool {
        match self {
            Payload::Code(code) => code & 0xf == 1,
            Payload::Subtask(_) => false,
            Payload::Here(copied) => matches!(copied, Copied::Dropped(_)),
        }
    }

    /// Whether an operation that the host knows nothing of is to begin there now.
    pub(crate) fn begins_anew(self) -> bool {
        matches!(self, Payload::Here(Copied::Apart))
    }

    /// Whether this says of a subtask that it has started, and no more: another
    /// event will come.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, Payload::Subtask(code) if code < SubtaskState::Returned as u32)
    }
}

/// An event (canonical ABI, "EventCode").
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// Nothing happened; the host resumes a task that yielded.
    None,
    /// Something happened to a subtask or to an end of a stream or future.
    Waitable(Waitable, Payload),
    /// The caller of this task asks it to stop. At most once per task.
    Cancelled,
}

impl Event {
    /// Decodes the three integers of an event.
    ///
    /// # Panics
    ///
    /// If the host delivers an event that the ABI does not have.
    pub(crate) fn decode(code: u32, p1: u32, p2: u32) -> Event {
        match (code, Waitable::new(p1)) {
            (0, _) => Event::None,
            (1, Some(waitable)) => Event::Waitable(waitable, Payload::Subtask(p2)),
            (2..=5, Some(waitable)) => Event::Waitable(waitable, Payload::Code(p2)),
            (6, _) => Event::Cancelled,
            _ => panic!("the host delivered ({code:#x}, {p1:#x}, {p2:#x}), which is no event"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code() {
        assert_eq!(Event::decode(0, 0, 0), Event::None);
        let waitable = Waitable::new(9).expect("9 is not 0");
        for code in 1..=5 {
            let payload = match code {
                1 => Payload::Subtask(3),
                _ => Payload::Code(3),
            };
            assert_eq!(
                Event::decode(code, 9, 3),
                Event::Waitable(waitable, payload)
            );
        }
        assert_eq!(Event::decode(6, 0, 0), Event::Cancelled);
    }

    #[test]
    fn a_subtask_that_has_started_is_not_dropped() {
        let payload = |code, subtask| match subtask {
            true => Payload::Subtask(code),
            false => Payload::Code(code),
        };
        assert!(!payload(1, true).is_dropped());
        assert!(payload(1, false).is_dropped());
        assert!(payload(7 << 4 | 1, false).is_dropped());
        assert!(!payload(0, false).is_dropped());
    }

    #[test]
    #[should_panic(expected = "(0x7, 0x0, 0x0), which is no event")]
    fn an_unknown_code_is_named() {
        Event::decode(7, 0, 0);
    }

    #[test]
    #[should_panic(expected = "(0x2, 0x0, 0x1), which is no event")]
    fn an_event_without_a_waitable_is_named() {
        Event::decode(2, 0, 1);
    }
}
