//! Events that come together are taken in one turn.

use super::{Double, Import, Until};
use crate::host::{self, Code, Installed, Task};
use std::rc::Rc;
use wit_async::rt::async_support::Subtask as _;

/// A task that waits for so many calls.
fn waits_for(host: &Rc<Installed>, import: &Import, calls: usize) -> Task {
    let import = import.clone();
    let task = host.start(async move {
        let call = |number| {
            let mut double = Double(import.clone());
            async move { double.call(number).await }
        };
        futures::future::join_all((0..calls as u32).map(call)).await;
    });
    while task.code() == Code::Yield {
        assert!(task.step());
    }
    assert!(task.is_waiting());
    host.calls();
    task
}

/// How often the host was asked for an event in the next turn.
fn asks(host: &Installed, task: &Task) -> usize {
    assert!(task.step());
    let asks = |call: &&String| call.starts_with("waitable-set.poll");
    host.calls().iter().filter(asks).count()
}

#[test]
fn what_finishes_together_is_one_delivery() {
    let host = Rc::new(host::install());
    let import = Import::new(Until::Started);
    let task = waits_for(&host, &import, 20);
    (0..20).for_each(|index| import.call(index).resolve());
    // One came with the delivery; the last time there was none.
    assert_eq!(asks(&host, &task), 20);
    assert!(task.has_exited());
}

#[test]
fn nobody_asks_for_a_second_one_where_a_few_are_awaited() {
    let host = Rc::new(host::install());
    let import = Import::new(Until::Started);
    let task = waits_for(&host, &import, 4);
    (0..4).for_each(|index| import.call(index).resolve());
    (0..4).for_each(|_| assert_eq!(asks(&host, &task), 0));
    assert!(task.has_exited());
}

#[test]
fn a_host_that_has_no_more_events_is_asked_less_and_less() {
    let host = Rc::new(host::install());
    let import = Import::new(Until::Started);
    let task = waits_for(&host, &import, 400);
    let mut asked = Vec::new();
    for index in 0..255 {
        import.call(index).resolve();
        if asks(&host, &task) > 0 {
            asked.push(index);
        }
    }
    assert_eq!(asked, [0, 1, 3, 7, 15, 31, 63, 127, 191]);
    // It has some now: the next time that it is asked it says so, and is asked anew.
    (255..258).for_each(|index| import.call(index).resolve());
    assert_eq!(asks(&host, &task), 3);
    import.call(258).resolve();
    assert_eq!(asks(&host, &task), 1);
    (259..400).for_each(|index| import.call(index).resolve());
    task.settle();
    assert!(task.has_exited());
}
