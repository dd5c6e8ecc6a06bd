//! Calls that wait until the guest lets them go.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::channel::oneshot;

/// Calls that wait for a key, keys that wait for a call, and what became of
/// the calls.
#[derive(Debug, Default)]
pub struct Gates {
    waiting: BTreeMap<u32, VecDeque<oneshot::Sender<()>>>,
    released: BTreeMap<u32, u32>,
    started: u32,
    ended: Arc<Ended>,
}

/// Counted where no store is at hand.
#[derive(Debug, Default)]
struct Ended {
    finished: AtomicU32,
    cancelled: AtomicU32,
}

impl Gates {
    /// Started, finished, and cancelled calls.
    pub fn counts(&self) -> (u32, u32, u32) {
        let finished = self.ended.finished.load(Ordering::Relaxed);
        (
            self.started,
            finished,
            self.ended.cancelled.load(Ordering::Relaxed),
        )
    }

    /// A call that waits for `key`.
    pub fn wait(&mut self, key: u32) -> Call {
        self.started += 1;
        let (sender, gate) = oneshot::channel();
        match self.released.get_mut(&key) {
            Some(left) if *left > 0 => {
                *left -= 1;
                let _ = sender.send(());
            }
            _ => self.waiting.entry(key).or_default().push_back(sender),
        }
        Call {
            gate,
            finished: false,
            ended: self.ended.clone(),
        }
    }

    /// Lets the call go that has waited longest, or the next one to come.
    pub fn release(&mut self, key: u32) {
        while let Some(sender) = self.waiting.get_mut(&key).and_then(VecDeque::pop_front) {
            // A call that was cancelled no longer listens.
            if sender.send(()).is_ok() {
                return;
            }
        }
        *self.released.entry(key).or_default() += 1;
    }
}

/// A call that counts how it ends.
#[derive(Debug)]
pub struct Call {
    gate: oneshot::Receiver<()>,
    finished: bool,
    ended: Arc<Ended>,
}

impl Call {
    /// Waits until the guest lets it go.
    pub async fn held(mut self) {
        // The sender is kept until it sends, or until the store goes.
        let _ = (&mut self.gate).await;
        self.finished = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Ended {
            finished,
            cancelled,
        } = &*self.ended;
        let counter = if self.finished { finished } else { cancelled };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
