//! What an operation lends to the host.

/// Memory that an operation has from its start until somebody takes it when it is over.
///
/// It lies in the operation, and not in the states of the machine: it is large, and would be
/// moved with each step.
pub(crate) struct Loan<T>(Option<T>);

const IS_THERE: &str = "an operation has what it lends until it is over";

impl<T> Loan<T> {
    /// Nothing yet: it is set before the operation starts.
    #[inline]
    pub(crate) fn none() -> Loan<T> {
        Loan(None)
    }

    /// This.
    #[inline]
    pub(crate) fn of(memory: T) -> Loan<T> {
        Loan(Some(memory))
    }

    /// This, for the operation that starts next.
    #[inline]
    pub(crate) fn set(&mut self, memory: T) {
        self.0 = Some(memory);
    }

    /// What is lent, or was.
    #[inline]
    pub(crate) fn get(&mut self) -> &mut T {
        self.0.as_mut().expect(IS_THERE)
    }

    /// What was lent, when that is over.
    #[inline]
    pub(crate) fn take(&mut self) -> T {
        self.0.take().expect(IS_THERE)
    }
}
