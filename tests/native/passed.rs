//! Calls with a value of each class of payload, which comes back: whose it is, and what
//! is freed, however far the call gets; and slots that panic.

use crate::classes::{Class, Fussy, Nested, NestedFuture, Nothing, Token, each_class};
use crate::host::fault::{self, Planned, Site};
use crate::host::imports::{Import, OnCancel, Until};
use crate::host::pass::Pass;
use crate::host::resource::tokens_alive;
use crate::host::{self, Code, Log, panic_message, poll_once};
use futures::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use wit_async::rt::async_support::Subtask as _;

async fn pass<T: Class>(import: Import) {
    let back = Pass::<T, _>::to(import).call(T::make()).await;
    assert!(back.is_it());
}

/// Awaits `future`, in which the planned panic happens.
async fn caught(future: impl Future<Output = ()>) {
    let result = AssertUnwindSafe(future).catch_unwind().await;
    assert!(
        result.is_err() && fault::has_fired(),
        "it panics as planned"
    );
}

#[test]
fn what_is_passed_comes_back_at_once() {
    fn each<T: Class>() {
        let host = host::install();
        let import = Import::new(Until::Returned);
        let task = host.start(pass::<T>(import.clone()));
        assert_eq!(task.settle(), Code::Exit);
        assert_eq!(import.freed.take(), ["lists"]);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn what_is_passed_comes_back_step_by_step() {
    fn each<T: Class>() {
        let host = host::install();
        let import = Import::new(Until::Starting);
        let task = host.start(pass::<T>(import.clone()));
        assert!(task.is_waiting());
        let call = import.call_now();
        assert_eq!(import.freed.take(), [""; 0]);
        call.start();
        task.settle();
        assert!(task.is_waiting());
        assert_eq!(import.freed.take(), ["lists"]);
        call.resolve();
        assert_eq!(task.settle(), Code::Exit);
        assert_eq!(import.freed.take(), [""; 0]);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

/// Calls, and drops the call when it has got that far.
fn dropped<T: Class>(until: Until, on_cancel: OnCancel) -> Vec<&'static str> {
    let host = host::install();
    let import = Import::that(until, on_cancel);
    let task = host.start({
        let import = import.clone();
        async move {
            let mut call = pin!(pass::<T>(import));
            assert!(poll_once(&mut call).await.is_pending());
        }
    });
    assert!(import.call_now().is_resolved());
    assert_eq!(task.settle(), Code::Exit);
    import.freed.take()
}

#[test]
fn what_is_passed_is_the_callers_if_the_callee_never_started() {
    fn each<T: Class>() {
        let freed = dropped::<T>(Until::Starting, OnCancel::Confirm);
        assert_eq!(freed, ["lists and own"]);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn what_is_passed_is_the_callees_if_it_has_started() {
    fn each<T: Class>() {
        let freed = dropped::<T>(Until::Started, OnCancel::Confirm);
        assert_eq!(freed, ["lists"]);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn what_comes_back_when_the_call_is_cancelled_is_dropped() {
    fn each<T: Class>() {
        let freed = dropped::<T>(Until::Started, OnCancel::Return);
        assert_eq!(freed, ["lists"]);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn a_call_whose_parameters_panic_when_they_are_freed_is_cancelled() {
    // At once, and with an event.
    fn each<T: Class>() {
        for until in [Until::Started, Until::Starting] {
            let _planned = Planned::at(Site::ParamsFree);
            let host = host::install();
            let import = Import::new(until);
            let task = host.start(caught(pass::<T>(import.clone())));
            if until == Until::Starting {
                assert!(task.is_waiting());
                import.call(0).start();
            }
            task.settle();
            assert!(import.call_now().is_cancel_requested());
            assert_eq!(task.settle(), Code::Exit);
            assert_eq!(import.freed.take(), ["lists"]);
        }
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn a_call_whose_start_was_not_told_is_cancelled_before_its_parameters_panic() {
    let _planned = Planned::at(Site::ParamsFree);
    let host = host::install();
    let import = Import::new(Until::Starting);
    let log = Log::new();
    let task = host.start({
        let (import, log) = (import.clone(), log.clone());
        async move {
            let mut call = Box::pin(pass::<String>(import.clone()));
            assert!(poll_once(&mut call).await.is_pending());
            import.call(0).start();
            log.note(panic_message(|| drop(call)));
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [format!("{}: ParamsFree", fault::MESSAGE)]);
    assert_eq!(
        import.call_now().state(),
        host::imports::State::CancelledBeforeReturned
    );
    assert_eq!(import.freed.take(), ["lists"]);
}

#[test]
fn a_result_is_dropped_when_freeing_the_parameters_panics() {
    fn each<T: Class>() {
        for until in [Until::Returned, Until::Starting] {
            let _planned = Planned::at(Site::ParamsFree);
            let host = host::install();
            let import = Import::new(until);
            let task = host.start(caught(pass::<T>(import.clone())));
            if until == Until::Starting {
                import.call_now().resolve();
            }
            assert_eq!(task.settle(), Code::Exit);
        }
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn parameters_that_panic_when_they_come_back_are_gone() {
    fn each<T: Class>() {
        let _planned = Planned::at(Site::ParamsFreeOwn);
        let host = host::install();
        let import = Import::new(Until::Starting);
        let task = host.start({
            let import = import.clone();
            async move {
                let mut call = Box::pin(pass::<T>(import));
                assert!(poll_once(&mut call).await.is_pending());
                panic_message(|| drop(call));
            }
        });
        assert_eq!(task.settle(), Code::Exit);
        assert_eq!(import.freed.take(), ["lists and own"]);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn a_call_that_panics_around_the_host_leaves_nothing() {
    fn each<T: Class>(site: Site) {
        for until in [Until::Returned, Until::Starting] {
            let _planned = Planned::at(site);
            let host = host::install();
            let import = Import::new(until);
            let task = host.start(caught(pass::<T>(import.clone())));
            if site == Site::ResultsLift && until == Until::Starting {
                import.call_now().resolve();
            }
            assert_eq!(task.settle(), Code::Exit);
        }
    }
    fn lower<T: Class>() {
        each::<T>(Site::ParamsLower);
    }
    fn lift<T: Class>() {
        each::<T>(Site::ResultsLift);
    }
    each_class!(lower);
    each_class!(lift);
    assert_eq!(tokens_alive(), 0);
    // What was lowered is nobody's if the call itself panics: these leave nothing.
    each::<u32>(Site::CallImport);
}
