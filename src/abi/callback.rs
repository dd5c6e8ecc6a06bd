//! What an async export tells the host when it returns to its event loop.

use super::Set;

/// Result of the entry and of the callback of an async export (canonical ABI,
/// "CallbackCode").
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum CallbackCode {
    /// The task is over.
    Exit,
    /// Call back as soon as others had their turn.
    Yield,
    /// Call back when a member of the set has an event.
    Wait(Set),
}

impl CallbackCode {
    /// The low four bits say what to do, the rest names the set.
    pub(crate) fn encode(self) -> u32 {
        match self {
            CallbackCode::Exit => 0,
            CallbackCode::Yield => 1,
            CallbackCode::Wait(set) => 2 | set.index() << 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code() {
        assert_eq!(CallbackCode::Exit.encode(), 0);
        assert_eq!(CallbackCode::Yield.encode(), 1);
        let set = Set::new(5).expect("5 is not 0");
        assert_eq!(CallbackCode::Wait(set).encode(), 0x52);
    }
}
