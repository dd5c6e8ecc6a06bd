//! The built-ins, each recorded (canonical-abi.md §2.2).

use super::channel::{Buffer, Channel, Outcome, Side, Window};
use super::sites::Site;
use super::table::{Event, Object, Set};
use super::trap::{After, guarded, guarded_or, has_trapped, trap, unwind_if_trapped};
use super::value::Type;
use super::{Blocked, Host, enter};
use std::rc::Rc;

/// The most items that one copy may name.
const MAX_LENGTH: usize = (1 << 28) - 1;

impl Host {
    /// `stream.new`, `future.new`
    pub fn new_channel(&self, is_future: bool, ty: Type) -> u64 {
        let _host = self.built_in();
        let channel = Channel::shared(is_future, ty, self.rules.get());
        let name = channel.borrow().name();
        channel.borrow_mut().maker = Some(Rc::as_ptr(&self.table));
        let mut table = self.table.borrow_mut();
        let readable = table.add(Object::End(Rc::clone(&channel), Side::Readable));
        let writable = table.add(Object::End(channel, Side::Writable));
        self.log(|| format!("{name}.new: {readable} {writable}"));
        u64::from(writable) << 32 | u64::from(readable)
    }

    /// `stream.read`, `stream.write`, `future.read`, `future.write`, all of them
    /// asynchronously lowered.
    pub fn copy(
        &self,
        is_future: bool,
        ty: Type,
        side: Side,
        handle: u32,
        start: *mut u8,
        length: usize,
    ) -> u32 {
        let _host = self.built_in();
        let channel = self.table.borrow_mut().end_of(handle, is_future, ty, side);
        let mut channel = channel.borrow_mut();
        if length > MAX_LENGTH {
            trap(
                Site::TooManyItems,
                format_args!("{length} items on handle {handle}"),
            );
        }
        let window = Window {
            start,
            table: Rc::clone(&self.table),
            task: self.running.borrow().last().cloned(),
        };
        let (outcome, _) = channel.start(side, Buffer::Guest(window), length);
        // The runtime writes what nobody awaits, and rings with units.
        let in_background = side == Side::Writable && (is_future || ty == Type::Unit);
        if outcome != Outcome::Blocked && !in_background {
            self.completes_at_once();
        }
        let (name, verb) = (channel.name(), side.verb());
        self.log(|| match is_future {
            true => format!("future.{verb} {handle}: {}", said(outcome, true)),
            false => format!("{name}.{verb} {handle} x{length}: {}", said(outcome, false)),
        });
        match (outcome, is_future) {
            (Outcome::Completed(_), true) => Outcome::Completed(0).encode(),
            (outcome, _) => outcome.encode(),
        }
    }

    /// `{stream,future}.cancel-{read,write}` for ends of a type.
    pub fn cancel_copy_of(&self, is_future: bool, ty: Type, side: Side, handle: u32) -> u32 {
        self.demand_type(is_future, ty, side, handle);
        self.cancel_copy(is_future, side, handle)
    }

    /// `{stream,future}.drop-{readable,writable}` for ends of a type.
    pub fn drop_end_of(&self, is_future: bool, ty: Type, side: Side, handle: u32) {
        self.demand_type(is_future, ty, side, handle);
        self.drop_end(is_future, side, handle);
    }

    fn demand_type(&self, is_future: bool, ty: Type, side: Side, handle: u32) {
        let _host = self.built_in();
        self.table.borrow_mut().end_of(handle, is_future, ty, side);
    }

    /// `{stream,future}.cancel-{read,write}`, synchronously lowered.
    pub fn cancel_copy(&self, is_future: bool, side: Side, handle: u32) -> u32 {
        let _host = self.built_in();
        let channel = self.table.borrow_mut().end(handle, is_future, side);
        let name = channel.borrow().name();
        let verb = side.verb();
        self.demand_sync_cancel(handle);
        channel.borrow_mut().ask_back(side);
        self.table.borrow_mut().wait_for(handle, true);
        // A host end may take its time.
        while channel.borrow().is_host(side.other()) && self.lingers() {
            self.demand_may_block(format_args!("{name}.cancel-{verb}"));
            if self.world().is_none() {
                break;
            }
        }
        self.table.borrow_mut().wait_for(handle, false);
        let (outcome, _) = channel.borrow_mut().cancel(side);
        self.log(|| {
            format!(
                "{name}.cancel-{verb} {handle}: {}",
                said(outcome, is_future)
            )
        });
        match (outcome, is_future) {
            (Outcome::Completed(_), true) => Outcome::Completed(0).encode(),
            (outcome, _) => outcome.encode(),
        }
    }

    /// `{stream,future}.drop-{readable,writable}`
    pub fn drop_end(&self, is_future: bool, side: Side, handle: u32) {
        let _host = self.built_in();
        let mut table = self.table.borrow_mut();
        let channel = table.end(handle, is_future, side);
        table.remove(handle);
        let mut channel = channel.borrow_mut();
        let name = channel.name();
        let end = match side {
            Side::Readable => "readable",
            Side::Writable => "writable",
        };
        self.log(|| format!("{name}.drop-{end} {handle}"));
        channel.drop_end(side, true);
    }

    /// What tells the channel of an end from all others.
    pub fn serial(&self, handle: u32) -> u32 {
        // After a trap handles mean nothing.
        guarded(|| match self.table.borrow_mut().get(handle) {
            Object::End(channel, _) => channel.borrow().serial,
            _ => 0,
        })
    }

    /// Calls `f` with the channel of an end.
    pub fn with_channel(&self, handle: u32, f: impl FnOnce(&mut Channel)) {
        // After a trap handles mean nothing.
        guarded(|| {
            if let Object::End(channel, _) = self.table.borrow_mut().get(handle) {
                f(&mut channel.borrow_mut());
            }
        });
    }

    /// The next event of `set`.
    pub(super) fn next_event(&self, set: u32) -> Option<Event> {
        self.table
            .borrow_mut()
            .next_event(set, |ready| self.choose(ready))
    }

    /// A synchronous cancel of a member of a set traps, and on wasmtime one in a
    /// synchronous task.
    fn demand_sync_cancel(&self, handle: u32) {
        let rules = self.rules.get();
        if rules.no_cancel_in_set {
            self.table.borrow_mut().demand_no_set(handle);
        }
        if rules.no_cancel_in_sync_task && self.is_in_sync_task() {
            trap(
                Site::CancelInSyncTask,
                format_args!("a synchronous cancel in a synchronous task"),
            );
        }
    }

    pub(super) fn now(&self) -> Rc<super::tasks::Context> {
        let running = self.running.borrow();
        running.last().cloned().unwrap_or_else(|| {
            panic!("this built-in is about a task, and none is running: use `Host::start`")
        })
    }
}

fn said(outcome: Outcome, is_future: bool) -> String {
    let (what, items) = match outcome {
        Outcome::Blocked => return "blocked".to_owned(),
        Outcome::Completed(items) => ("completed", items),
        Outcome::Dropped(items) => ("dropped", items),
        Outcome::Cancelled(items) => ("cancelled", items),
    };
    if is_future {
        return what.to_owned();
    }
    format!("{what} {items}")
}

impl Host {
    /// `waitable-set.wait`
    fn wait(&self, set: u32) -> Event {
        let _host = self.built_in();
        if self.is_in_sync_task() {
            trap(
                Site::WaitInSyncTask,
                format_args!("a wait on set {set} in a synchronous task"),
            );
        }
        self.turns.begin_anew();
        self.table.borrow_mut().set(set).waiters += 1;
        let event = loop {
            if let Some(event) = self.next_event(set) {
                break event;
            }
            self.block(&Blocked::OnSet(Rc::clone(&self.table), set));
        };
        self.table.borrow_mut().set(set).waiters -= 1;
        let Event(code, p1, _) = event;
        self.log(|| format!("waitable-set.wait {set}: event {code} of {p1}"));
        event
    }
}

impl Event {
    /// Handles have 28 bits, codes of events 3, payloads 32.
    fn pack(self) -> u64 {
        let Event(code, p1, p2) = self;
        u64::from(code) << 60 | u64::from(p1) << 32 | u64::from(p2)
    }
}

fn unpack(event: u64, payload: &mut [u32; 2]) -> u32 {
    *payload = [(event >> 32) as u32 & 0x0fff_ffff, event as u32];
    (event >> 60) as u32
}

impl wit_async::native::Host for Host {
    fn waitable_set_new(&self) -> u32 {
        guarded(|| {
            let _host = self.built_in();
            let set = self.table.borrow_mut().add(Object::Set(Set::default()));
            self.turns.makes_set(set);
            self.log(|| format!("waitable-set.new: {set}"));
            set
        })
    }

    fn waitable_set_drop(&self, set: u32) {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| format!("waitable-set.drop {set}"));
            self.table.borrow_mut().drop_set(set);
        })
    }

    fn waitable_join(&self, waitable: u32, set: u32) {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| format!("waitable.join {waitable} {set}"));
            let set = (set != 0).then_some(set);
            self.table.borrow_mut().join(waitable, set);
        })
    }

    fn waitable_set_wait(&self, set: u32, payload: &mut [u32; 2]) -> u32 {
        let answer = guarded(|| self.wait(set).pack());
        // Who waits in vain for ever would never come back; who does so while it unwinds
        // waits for a call to be cancelled.
        unwind_if_trapped();
        let cancelled = Event(1, (answer >> 32) as u32 & 0xffff, 4).pack();
        unpack(if has_trapped() { cancelled } else { answer }, payload)
    }

    fn waitable_set_poll(&self, set: u32, payload: &mut [u32; 2]) -> u32 {
        let answer = guarded(|| {
            let _host = self.built_in();
            let event = self.next_event(set);
            self.log(|| match event {
                Some(Event(code, p1, _)) => {
                    format!("waitable-set.poll {set}: event {code} of {p1}")
                }
                None => format!("waitable-set.poll {set}: none"),
            });
            if self.cell.get().is_null() {
                self.turns.begin_anew();
            } else if event.is_some() {
                self.takes_event(set);
            }
            event.unwrap_or(Event(0, 0, 0)).pack()
        });
        unpack(if has_trapped() { 0 } else { answer }, payload)
    }

    fn subtask_cancel(&self, subtask: u32) -> u32 {
        let state = guarded(|| {
            let _host = self.built_in();
            let call = self.table.borrow_mut().subtask(subtask);
            self.demand_sync_cancel(subtask);
            self.table.borrow_mut().wait_for(subtask, true);
            let state = call.cancel(self);
            self.table.borrow_mut().wait_for(subtask, false);
            self.log(|| format!("subtask.cancel {subtask}: {state:?}"));
            state as u32
        });
        if has_trapped() { 4 } else { state }
    }

    fn subtask_cancel_async(&self, subtask: u32) -> u32 {
        let state = guarded(|| {
            let _host = self.built_in();
            let call = self.table.borrow_mut().subtask(subtask);
            if self.rules.get().no_cancel_in_set {
                self.table.borrow_mut().demand_no_set(subtask);
            }
            let state = call.cancel_async();
            self.log(|| match state {
                Some(state) => format!("subtask.cancel (async) {subtask}: {state:?}"),
                None => format!("subtask.cancel (async) {subtask}: blocked"),
            });
            state.map_or(u32::MAX, |state| state as u32)
        });
        if has_trapped() { 4 } else { state }
    }

    fn subtask_drop(&self, subtask: u32) {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| format!("subtask.drop {subtask}"));
            let call = self.table.borrow_mut().subtask(subtask);
            call.demand_delivered();
            self.table.borrow_mut().remove(subtask);
        })
    }

    fn thread_yield(&self) -> u32 {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| "thread.yield".to_owned());
            self.turns.begin_anew();
            self.lingers();
            0
        })
    }

    fn backpressure_inc(&self) {
        guarded(|| {
            let _host = enter();
            self.log(|| "backpressure.inc".to_owned());
            if self.backpressure.get() == 0xffff {
                trap(Site::BackpressureInc, format_args!("one too many"));
            }
            self.backpressure.set(self.backpressure.get() + 1);
        })
    }

    fn backpressure_dec(&self) {
        guarded(|| {
            let _host = enter();
            self.log(|| "backpressure.dec".to_owned());
            let Some(less) = self.backpressure.get().checked_sub(1) else {
                trap(Site::BackpressureDec, format_args!("one too few"));
            };
            self.backpressure.set(less);
        })
    }

    fn task_cancel(&self) {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| "task.cancel".to_owned());
            self.now().cancelled();
        })
    }

    fn task_state_get(&self) -> *mut u8 {
        match self.running.borrow().last() {
            Some(context) => context.slot.get(),
            None => self.slot.get(),
        }
    }

    fn task_state_set(&self, state: *mut u8) {
        match self.running.borrow().last() {
            Some(context) => context.slot.set(state),
            None => self.slot.set(state),
        }
    }

    fn wasip3_task_set(&self, task: *mut u8) -> *mut u8 {
        let _host = enter();
        self.turns.polls(task);
        self.cell.replace(task)
    }

    fn error_context_new(&self, message: &str) -> u32 {
        guarded(|| {
            let _host = self.built_in();
            let object = Object::ErrorContext(message.to_owned());
            let handle = self.table.borrow_mut().add(object);
            self.log(|| format!("error-context.new: {handle}"));
            handle
        })
    }

    fn error_context_debug_message(&self, handle: u32) -> String {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| format!("error-context.debug-message {handle}"));
            match self.table.borrow_mut().get(handle) {
                Object::ErrorContext(text) => text.clone(),
                other => trap(
                    Site::NoErrorContext,
                    format_args!("handle {handle} is a {other:?}"),
                ),
            }
        })
    }

    fn error_context_drop(&self, handle: u32) {
        guarded(|| {
            let _host = self.built_in();
            self.log(|| format!("error-context.drop {handle}"));
            match self.table.borrow_mut().remove(handle) {
                Object::ErrorContext(_) => {}
                other => trap(
                    Site::NoErrorContext,
                    format_args!("handle {handle} is a {other:?}"),
                ),
            }
        })
    }

    fn unit_stream_new(&self) -> u64 {
        guarded(|| {
            let ends = self.new_channel(false, Type::Unit);
            // What the runtime does with streams of its own is nobody's loss.
            if let Object::End(channel, _) = self.table.borrow_mut().get(ends as u32) {
                channel.borrow_mut().ignore();
            }
            ends
        })
    }

    fn unit_stream_read(&self, stream: u32, items: usize) -> u32 {
        guarded_or(After::Blocked, || {
            let none = std::ptr::null_mut();
            self.copy(false, Type::Unit, Side::Readable, stream, none, items)
        })
    }

    fn unit_stream_write(&self, stream: u32, items: usize) -> u32 {
        // The runtime writes only where it reads.
        guarded_or(After::Copied, || {
            let none = std::ptr::null_mut();
            self.copy(false, Type::Unit, Side::Writable, stream, none, items)
        })
    }

    fn unit_stream_cancel_read(&self, stream: u32) -> u32 {
        guarded_or(After::Cancelled, || {
            self.cancel_copy_of(false, Type::Unit, Side::Readable, stream)
        })
    }

    fn unit_stream_cancel_write(&self, stream: u32) -> u32 {
        guarded_or(After::Cancelled, || {
            self.cancel_copy_of(false, Type::Unit, Side::Writable, stream)
        })
    }

    fn unit_stream_drop_readable(&self, stream: u32) {
        guarded(|| {
            self.drop_end_of(false, Type::Unit, Side::Readable, stream);
        })
    }

    fn unit_stream_drop_writable(&self, stream: u32) {
        guarded(|| {
            self.drop_end_of(false, Type::Unit, Side::Writable, stream);
        })
    }
}
