//! Tasks (canonical-abi.md §1.4, §1.5, §4.4).

use super::raw::in_task;
use super::row::{Row, row};
use crate::host::{Context, Host, Site};
use std::rc::Rc;
use wit_async::native::Host as _;

/// A task that was asked to stop.
fn cancelled(host: &Rc<Host>, f: impl FnOnce(&Context)) {
    let context = Context::new(false);
    context.deliver_cancel();
    host.run(&context, || f(&context));
}

pub fn rows() -> Vec<Row> {
    let mut rows = entries();
    rows.extend(task_return());
    rows.extend(task_cancel());
    rows
}

/// What the entry and the callback of an export return.
fn entries() -> Vec<Row> {
    let mut rows = Vec::new();
    for code in [3, 0xf, 0x13] {
        rows.push(row(
            Site::CallbackCode,
            "callback",
            format!("the code is {code:#x}"),
            move |host| {
                host.start_entry(Context::new(false), || code);
            },
        ));
    }
    rows.push(row(
        Site::ExitUnresolved,
        "EXIT",
        "a task exited that has not returned",
        |host| {
            host.start_entry(Context::that_returns(), || 0);
        },
    ));
    // A cancel was delivered, and not answered.
    rows.push(row(
        Site::ExitUnresolved,
        "EXIT",
        "a task exited that has not returned",
        |host| {
            let context = Context::that_returns();
            context.deliver_cancel();
            host.start_entry(context, || 0);
        },
    ));
    rows
}

fn task_return() -> Vec<Row> {
    vec![
        row(
            Site::ReturnInSyncTask,
            "task.return",
            "a synchronous task called `task.return`",
            |host| {
                let context = Context::new(true);
                host.run(&context, || context.returned());
            },
        ),
        row(
            Site::ReturnOfOther,
            "task.return",
            "a task called `task.return` of another one",
            |host| {
                let context = Context::new(false);
                in_task(host, || context.returned());
            },
        ),
        row(
            Site::ReturnResolved,
            "task.return",
            "the task has returned, or was cancelled",
            |host| {
                let context = Context::new(false);
                host.run(&context, || {
                    context.returned();
                    context.returned();
                });
            },
        ),
        row(
            Site::ReturnResolved,
            "task.return",
            "the task has returned, or was cancelled",
            |host| {
                cancelled(host, |context| {
                    host.task_cancel();
                    context.returned();
                });
            },
        ),
        row(
            Site::ReturnWithBorrows,
            "task.return",
            "2 are there",
            |host| {
                let context = Context::new(false);
                context.borrows.set(2);
                host.run(&context, || context.returned());
            },
        ),
        row(
            Site::ReturnWithBorrows,
            "return of a synchronous export",
            "1 are there",
            |host| {
                let context = Context::new(true);
                context.borrows.set(1);
                host.call_sync_in(&context, || ());
            },
        ),
    ]
}

fn task_cancel() -> Vec<Row> {
    let not_delivered = "no cancel was delivered, or the task has resolved";
    vec![
        row(
            Site::TaskCancelInSyncTask,
            "task.cancel",
            "a synchronous task called `task.cancel`",
            |host| host.call_sync(|| host.task_cancel()),
        ),
        row(
            Site::TaskCancelNotDelivered,
            "task.cancel",
            not_delivered,
            |host| in_task(host, || host.task_cancel()),
        ),
        row(
            Site::TaskCancelNotDelivered,
            "task.cancel",
            not_delivered,
            |host| {
                cancelled(host, |context| {
                    context.returned();
                    host.task_cancel();
                });
            },
        ),
        row(
            Site::TaskCancelNotDelivered,
            "task.cancel",
            not_delivered,
            |host| {
                cancelled(host, |_| {
                    host.task_cancel();
                    host.task_cancel();
                });
            },
        ),
        row(
            Site::TaskCancelWithBorrows,
            "task.cancel",
            "1 are there",
            |host| {
                cancelled(host, |context| {
                    context.borrows.set(1);
                    host.task_cancel();
                });
            },
        ),
    ]
}
