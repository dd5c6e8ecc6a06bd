//! The memory of copies: what a guest lends, or what a host sends and receives.

use super::Side;
use crate::host::sites::Site;
use crate::host::table::Table;
use crate::host::tasks::Context;
use crate::host::trap;
use crate::host::value::{Type, Value};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Memory that a guest lends. It is its own promise that it stays valid.
pub struct Window {
    pub start: *mut u8,
    /// The handles of its instance.
    pub table: Rc<RefCell<Table>>,
    /// The task that started the copy.
    pub task: Option<Rc<Context>>,
}

/// Memory of a copy.
pub enum Buffer {
    Guest(Window),
    /// What the peer sends.
    Send(VecDeque<Value>),
    /// What the peer received.
    Receive(Vec<Value>),
}

impl Window {
    /// Traps unless the guest may lend it, as far as this process can tell.
    pub fn demand_valid(&self, ty: Type, length: usize) {
        let layout = ty.layout();
        if layout.size() == 0 || length == 0 {
            return;
        }
        let at = self.start.addr();
        if !at.is_multiple_of(layout.align()) {
            trap(Site::NotAligned, format_args!("{at:#x} for {ty:?}"));
        }
        let bytes = layout.size().checked_mul(length);
        let end = bytes.and_then(|bytes| at.checked_add(bytes));
        if at == 0 || end.is_none() {
            trap(
                Site::NotInMemory,
                format_args!("{length} times {ty:?} at {at:#x}"),
            );
        }
    }
}

impl Window {
    /// What is offered to the host is away, also if it comes back unread: see
    /// [`came_back`](super::came_back).
    pub fn offers(&self, ty: Type, length: usize) {
        let Some((is_future, of)) = ty.end() else {
            return;
        };
        for index in 0..length {
            // SAFETY: the guest lends the window, and has lowered handles to it.
            let handle = unsafe { self.start.cast::<u32>().add(index).read() };
            let channel = self
                .table
                .borrow_mut()
                .end_of(handle, is_future, of, Side::Readable);
            channel.borrow_mut().has_left = true;
        }
    }
}

impl Buffer {
    /// The window belongs to the host from the start of a copy until it is
    /// delivered: all of it, at any time. Using what was not copied here makes Miri
    /// see a window that is too short, gone, or in use.
    pub fn touch(&self, side: Side, ty: Type, progress: usize, length: usize) {
        let Buffer::Guest(Window { start, .. }) = *self else {
            return;
        };
        let layout = ty.layout();
        if layout.size() == 0 || length == 0 {
            return;
        }
        match side {
            // SAFETY: the guest lends the window to be written.
            Side::Readable => unsafe {
                start
                    .add(progress * layout.size())
                    .write_bytes(0xee, (length - progress) * layout.size());
            },
            Side::Writable => {
                // SAFETY: the guest lends the window. `MaybeUninit` because of
                // padding.
                let window = unsafe {
                    std::slice::from_raw_parts(
                        start.cast_const().cast::<std::mem::MaybeUninit<u8>>(),
                        length * layout.size(),
                    )
                };
                drop(window.to_vec());
            }
        }
    }
}

/// Moves `items` from a writer's buffer, which got as far as `sent`, to a
/// reader's, which got as far as `received`.
pub fn transfer(
    ty: Type,
    (from, sent): (&mut Buffer, usize),
    (to, received): (&mut Buffer, usize),
    items: usize,
    mut log: Option<&mut Vec<u32>>,
) {
    let size = ty.layout().size();
    if size == 0 && log.is_none() && matches!((&*from, &*to), (Buffer::Guest(_), Buffer::Guest(_)))
    {
        // There may be a great many, and there is nothing to move.
        return;
    }
    if let Some(log) = &mut log {
        log.reserve(items);
    }
    if let Buffer::Receive(values) = to {
        values.reserve(items);
    }
    for index in 0..items {
        let value = match from {
            // SAFETY: the writer lends what it lowered there.
            Buffer::Guest(Window { start, table, .. }) => unsafe {
                ty.load(start.wrapping_add((sent + index) * size), table)
            },
            Buffer::Send(values) => values.pop_front().expect("as long as was said"),
            Buffer::Receive(_) => unreachable!("a writer sends"),
        };
        if let Some(log) = &mut log {
            log.push(value.number());
        }
        match to {
            // SAFETY: the reader lends this memory to be written.
            Buffer::Guest(Window { start, table, .. }) => unsafe {
                ty.store(value, start.wrapping_add((received + index) * size), table);
            },
            Buffer::Receive(values) => values.push(value),
            Buffer::Send(_) => unreachable!("a reader receives"),
        }
    }
}
