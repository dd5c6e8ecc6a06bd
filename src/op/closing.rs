//! Dropping an end, whatever happens on the way.

/// Closes an end when it goes, also when something panics before that; unless it is done
/// later.
pub(crate) struct Closing<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Closing<F> {
    /// With `close`.
    pub(crate) fn by(close: F) -> Closing<F> {
        Closing(Some(close))
    }

    /// What closes the end, for whoever does it later.
    pub(crate) fn later(&mut self) -> Option<F> {
        self.0.take()
    }
}

impl<F: FnOnce()> Drop for Closing<F> {
    fn drop(&mut self) {
        if let Some(close) = self.0.take() {
            close();
        }
    }
}
