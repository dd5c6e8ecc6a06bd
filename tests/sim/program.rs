//! What guest code does: one thing after the other, as the choices say.

mod line;
mod shared;
mod small;
mod survive;
mod synchronous;
mod together;
mod visits;

pub use shared::{clear_shelves, drop_jobs, drop_shelf, forget_shelves, has_jobs, has_shelved};
pub use small::begin;
pub use survive::Contained;
pub use synchronous::synchronous;

use super::calls::{Borrowing, ENDS, Exchange, Message, TheHost};
use super::ends::AnyEnd;
use super::hopes::Hope;
use super::items::Item;
use super::leaks::Carried;
use super::operations;
use super::scenario::Thing;
use super::world::World;
use crate::host::OnDrop;
use crate::host::pass::Pass;
use crate::host::resource::Token;
use futures::future::{join, select};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use survive::{give_up, spare, survive};
use wit_async::rt::async_support::Subtask;
use wit_async::{
    Backpressure, JoinHandle, UnitStreamOps, backpressure_dec, backpressure_inc, block_on,
    spawn_local, yield_async, yield_blocking,
};

/// How many things a program does at most, one after the other. Under Miri each costs a
/// hundred thousand times as much, and more programs show more than longer ones.
const THINGS: u32 = if cfg!(miri) { 3 } else { 14 };

/// Of so many yields one is a burst: rare, for it takes as long as many other things.
const BURSTS: u32 = 128;

/// How many items are in a burst: more than one turn of a task reads.
const BURST: usize = 150;

/// How deep programs spawn programs.
const DEPTH: u32 = 2;

/// Where code runs.
#[derive(Clone)]
pub struct Place {
    pub instance: usize,
    /// Of a job: whether it is left to others.
    left: Option<Rc<Cell<bool>>>,
}

impl Place {
    /// Whether nobody waits for what is awaited here.
    pub fn is_left(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.get())
    }
}

/// Code that runs in an instance, and what it holds.
pub struct Program {
    pub world: Rc<World>,
    instance: usize,
    ends: Vec<AnyEnd>,
    tokens: Vec<Token>,
    spawned: Vec<(JoinHandle<()>, Rc<Hope>)>,
    depth: u32,
    /// Whether it calls with what it borrows: such a call must not be dropped where
    /// it cannot be cancelled, for what it borrows goes with it.
    lends: bool,
    /// Held by all programs of a task.
    presence: Rc<()>,
    /// Of a job: whether it is left to others.
    left: Option<Rc<Cell<bool>>>,
}

/// More operations in a row than one turn completes. Both ends are here, and the host lets
/// them meet: nobody else is concerned.
async fn bursts() {
    let (mut writer, mut reader) = UnitStreamOps::new();
    let reads = async {
        for _ in 0..BURST {
            assert_eq!(reader.next().await, Some(()));
        }
    };
    let (unsent, ()) = join(writer.write_all(vec![(); BURST]), reads).await;
    assert!(unsent.is_empty(), "the reader is there");
}

/// An end that was handed away and comes back to where its other end is cannot be used: the
/// host traps when both meet in one instance.
fn usable(end: &AnyEnd) -> bool {
    !crate::host::came_back(end.serial())
}

/// The unwritten writable end of a future delivers its default, untold.
pub(super) fn note_unwritten(world: &World, end: &AnyEnd) {
    if end.is_promise() {
        world.ledger.write_lost(end.serial());
    }
}

/// The body of an async export.
///
/// As long as one of its programs runs, it holds `presence`.
pub async fn export(
    world: Rc<World>,
    instance: usize,
    presence: Rc<()>,
    message: Message,
) -> Message {
    let mut program = Program::new(world, instance, presence);
    if let Some(small) = program.world.scenario().small() {
        // In a box: otherwise the future of every export has room for it.
        Box::pin(small::script(&mut program, small)).await;
        return Message::default();
    }
    program.takes(message);
    program.run().await;
    program.message()
}

/// Spawns a future; what is returned beside the handle is fulfilled when it ended.
fn spawned(
    world: &Rc<World>,
    future: impl Future<Output = ()> + 'static,
) -> (JoinHandle<()>, Rc<Hope>) {
    let ended = Rc::new(Hope::default());
    let end = Rc::clone(&ended);
    let future = async move {
        future.await;
        end.fulfil();
    };
    let handle = spawn_local(Contained::new(Rc::clone(world), future));
    (handle, ended)
}

impl Program {
    fn new(world: Rc<World>, instance: usize, presence: Rc<()>) -> Program {
        Program {
            world,
            instance,
            ends: Vec::new(),
            tokens: Vec::new(),
            spawned: Vec::new(),
            depth: 0,
            lends: true,
            presence,
            left: None,
        }
    }

    pub fn place(&self) -> Place {
        Place {
            instance: self.instance,
            left: self.left.clone(),
        }
    }

    /// A program of the same task.
    fn beside(&self, depth: u32) -> Program {
        let presence = Rc::clone(&self.presence);
        let mut program = Program::new(Rc::clone(&self.world), self.instance, presence);
        program.depth = depth;
        program
    }

    /// A value to send in a channel.
    pub fn make<T: Item>(&mut self, serial: u32) -> (T, u32) {
        let (value, number) = self.make_any();
        self.world
            .leaks
            .means(serial, Carried::in_item::<T>(number));
        (value, number)
    }

    fn make_any<T: Item>(&mut self) -> (T, u32) {
        let (value, number, end) = T::make(self.world.next_number());
        self.ends.extend(end);
        (value, number)
    }

    /// Values that were received. What is in them is dropped with them.
    pub fn keep<T: Item>(&mut self, items: Vec<T>) {
        for item in items {
            self.ends.extend(item.into_end().filter(usable));
        }
    }

    /// An end that was made for something else.
    pub fn holds(&mut self, end: impl Into<AnyEnd>) {
        self.ends.push(end.into());
    }

    fn takes(&mut self, message: Message) {
        self.ends.extend(message.ends.into_iter().filter(usable));
        self.tokens.extend(message.token);
    }

    /// What it has to give.
    fn message(&mut self) -> Message {
        let mut message = Message {
            text: "from a guest".to_owned(),
            ..Message::default()
        };
        if self.world.pick(2) == 1 {
            while message.ends.len() < ENDS {
                let found = self.ends.iter().position(AnyEnd::is_readable);
                let Some(place) = found else { break };
                message.ends.push(self.ends.swap_remove(place));
            }
            message.token = self.tokens.pop();
        }
        message
    }

    /// Registers what wakes this future when the world closes.
    async fn sleeps(&self) {
        poll_fn(|cx| {
            self.world.sleeps(self.instance, cx.waker().clone());
            Poll::Ready(())
        })
        .await;
    }

    fn run(&mut self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async {
            self.sleeps().await;
            for _ in 0..self.world.pick(THINGS + 1) {
                if self.world.is_closing() {
                    break;
                }
                self.thing().await;
            }
        })
    }

    async fn thing(&mut self) {
        let world = Rc::clone(&self.world);
        let things = world.scenario().things();
        match things[world.pick(things.len() as u32) as usize] {
            Thing::Yield if world.pick(BURSTS) == 1 => {
                survive(&world, pin!(bursts())).await;
            }
            Thing::Yield => yield_async().await,
            Thing::Pair => self.new_pair(),
            Thing::Operate => self.operates().await,
            Thing::Select => {
                survive(&world, pin!(self.selects())).await;
            }
            Thing::Drop => {
                // Gone, whatever it is.
                if let Some(end) = self.any_end() {
                    give_up(&world, end);
                }
            }
            Thing::Call => {
                survive(&world, pin!(self.call())).await;
            }
            Thing::Pass => {
                let code = world.pick_payload();
                survive(&world, pin!(AnyEnd::pass(self, code))).await;
            }
            Thing::Spawn if self.depth < DEPTH => self.spawn(),
            Thing::Spawn => yield_async().await,
            Thing::Join => {
                survive(&world, pin!(self.join())).await;
            }
            Thing::Hear => {
                survive(&world, pin!(self.hears())).await;
            }
            Thing::Tell => {
                survive(&world, pin!(async { self.tells() })).await;
            }
            Thing::Shelve => self.shelve(),
            Thing::Hand => {
                survive(&world, pin!(self.hands())).await;
            }
            Thing::Block => {
                spare(&world, || self.blocks());
            }
            Thing::Pressure => self.pressure().await,
            Thing::Scope => {
                survive(&world, pin!(self.scopes())).await;
            }
            Thing::Set => {
                survive(&world, pin!(self.joins_set())).await;
            }
            // What is leaked in a task of theirs keeps that, and not the one of ours around it.
            Thing::Foreign if !world.forgets() && world.pick(2) == 1 => {
                survive(&world, pin!(self.visits())).await;
            }
            Thing::Foreign => operations::they_read(self).await,
            Thing::Limit => {
                let line = shared::line(self.instance);
                survive(&world, pin!(self.stands_in_line(&line))).await;
            }
        }
    }

    async fn operates(&mut self) {
        let world = Rc::clone(&self.world);
        let Some(end) = self.any_end() else {
            return self.new_pair();
        };
        let operated = survive(&world, pin!(operations::operate(self, end))).await;
        self.ends.extend(operated.flatten());
    }

    /// Does two things at a time, until one of them is done. The other one is
    /// dropped wherever it is.
    async fn selects(&mut self) {
        let [mut one, mut other] = [(); 2].map(|()| {
            let mut side = self.beside(self.depth + 1);
            side.ends.extend(self.any_end());
            side
        });
        let calls = self.world.pick(2) == 1;
        {
            let operates = pin!(one.operates());
            let competes = pin!(async {
                if calls {
                    let world = Rc::clone(&other.world);
                    survive(&world, pin!(other.call())).await;
                } else {
                    other.operates().await;
                }
            });
            select(operates, competes).await;
        }
        self.ends.append(&mut one.ends);
        self.ends.append(&mut other.ends);
    }

    fn any_end(&mut self) -> Option<AnyEnd> {
        let count = self.ends.len() as u32;
        (count > 0).then(|| self.ends.swap_remove(self.world.pick(count) as usize))
    }

    fn is_future(&self) -> bool {
        let only = self.world.scenario().is_future();
        only.unwrap_or_else(|| self.world.pick(2) == 1)
    }

    fn new_pair(&mut self) {
        // Both ends stay for now. What the host does not let meet meets in the runtime.
        let code = self.world.pick_payload();
        let pair = AnyEnd::pair(code, self.is_future());
        self.ends.extend(pair);
    }

    /// Calls what an instance above, or the host, exports.
    async fn call(&mut self) {
        let world = Rc::clone(&self.world);
        if self.lends && world.pick(6) == 1 {
            let token = Token::new(world.next_number());
            let call = async { Borrowing(PhantomData).call(&token).await };
            if let Some(answer) = operations::import(self, call, true).await {
                assert_eq!(answer, 7);
            }
            return;
        }
        let above = self.instance + 1;
        let with_host = world.pick(2) != 1 || above == world.instances();
        let mut message = self.message();
        // An end of another payload is made for the occasion.
        if message.ends.len() < ENDS && world.pick(2) == 1 {
            let code = world.pick_payload();
            let [writable, readable] = AnyEnd::pair(code, self.is_future());
            self.ends.push(writable);
            message.ends.push(readable);
        }
        world.leaks.gives(message.carries());
        let answer = match with_host {
            true => operations::import(self, Exchange::<true>.call(message), false).await,
            false => operations::import(self, Exchange::<false>.call(message), false).await,
        };
        if let Some(answer) = answer {
            self.takes(answer);
        }
    }

    /// Passes a value to the host, which gives it back.
    pub(super) async fn pass<T: Item>(&mut self) {
        let (value, number) = self.make_any::<T>();
        self.world.leaks.gives(Carried::in_item::<T>(number));
        let call = async { Pass::<T, TheHost>::to(TheHost).call(value).await };
        if let Some(back) = operations::import(self, call, false).await {
            assert_eq!(back.number(), number, "what was passed comes back");
            self.keep(vec![back]);
        }
    }

    fn spawn(&mut self) {
        let mut child = self.beside(self.depth + 1);
        for _ in 0..self.world.pick(3) {
            child.ends.extend(self.any_end());
        }
        self.spawn_child(child);
    }

    /// Spawns a future that tells somebody something.
    fn spawn_telling(&mut self) {
        let child = self.beside(DEPTH);
        let tells = spawned(&self.world, async move { child.tells() });
        self.spawned.push(tells);
    }

    fn spawn_child(&mut self, mut child: Program) {
        let (handle, ended) = spawned(&self.world, async move { child.run().await });
        match self.world.pick(3) {
            // It goes on by itself.
            0 => drop(handle),
            _ => self.spawned.push((handle, ended)),
        }
    }

    async fn join(&mut self) {
        let Some((mut handle, ended)) = self.spawned.pop() else {
            return;
        };
        match self.world.pick(3) {
            0 => handle.cancel(),
            1 => drop(handle),
            _ => {
                let world = Rc::clone(&self.world);
                let _waiting = world.hopes.wait(ended, self.instance);
                poll_fn(|cx| match Pin::new(&mut handle).poll(cx) {
                    Poll::Ready(_) => Poll::Ready(()),
                    Poll::Pending if world.is_closing() => Poll::Ready(()),
                    Poll::Pending => Poll::Pending,
                })
                .await;
            }
        }
    }

    fn blocks(&mut self) {
        match self.world.pick(3) {
            0 => {
                yield_blocking();
                return;
            }
            1 => {
                // An import that is lowered synchronously; its callee calls back.
                let world = Rc::clone(&self.world);
                return crate::host::host()
                    .call_lowered(|| world.guest(self.instance, synchronous));
            }
            _ => {}
        }
        let mut inner = self.beside(self.depth + 1);
        inner.ends.extend(self.any_end());
        block_on(Contained::new(Rc::clone(&self.world), inner.run()));
        self.ends.append(&mut inner.ends);
    }

    async fn pressure(&mut self) {
        match self.world.pick(3) {
            0 => {
                let _guard = Backpressure::hold();
                yield_async().await;
            }
            1 => {
                backpressure_inc();
                let _dec = OnDrop(backpressure_dec);
                yield_async().await;
            }
            // That of somebody else, or of nobody.
            _ => {
                backpressure_dec();
                yield_async().await;
            }
        }
    }
}
