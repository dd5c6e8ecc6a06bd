//! Calls between guests and of the host, and what they carry.

use super::ends::{AnyEnd, Raw};
use super::leaks::Carried;
use super::scenario::{Scenario, Small};
use super::world::{World, world};
use crate::host::fault::{self, Site};
use crate::host::imports::{Body, Call, OnCancel};
use crate::host::pass::Callee;
use crate::host::resource::{Rep, Token};
use crate::host::trap::{guarded, guarded_with};
use crate::host::{Held, Host, Text, Type, host};
use std::alloc::Layout;
use std::cell::RefCell;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask;

/// How many ends a message carries at most.
pub const ENDS: usize = 2;

/// What a guest sends and gets: parameters and results of every call are alike.
#[derive(Default)]
pub struct Message {
    pub text: String,
    pub ends: Vec<AnyEnd>,
    pub token: Option<Token>,
}

/// The same on its way.
#[derive(Default)]
pub struct Letter {
    text: String,
    ends: Vec<(u32, bool, Held)>,
    token: Option<Rep>,
}

impl Letter {
    /// What will have a handle.
    fn carries(&self) -> impl Iterator<Item = Carried> {
        let serial = |held: &Held| held.channel().borrow().serial;
        let ends = self
            .ends
            .iter()
            .map(move |(.., held)| Carried::End(serial(held)));
        let token = self.token.iter().map(|token| Carried::Token(token.0));
        ends.chain(token)
    }
}

/// The same in the memory of a guest. 0 is no handle.
#[repr(C)]
struct Lowered {
    text: Text,
    codes: [u32; ENDS],
    futures: [bool; ENDS],
    ends: [u32; ENDS],
    token: u32,
}

impl Lowered {
    fn lower(message: Message) -> Lowered {
        let mut lowered = Lowered {
            text: Text::lower(message.text),
            codes: [0; ENDS],
            futures: [false; ENDS],
            ends: [0; ENDS],
            token: message.token.map_or(0, Token::take_handle),
        };
        for (place, end) in message.ends.into_iter().enumerate() {
            let (code, is_future, handle): Raw = end.hand_away();
            lowered.codes[place] = code;
            lowered.futures[place] = is_future;
            lowered.ends[place] = handle;
        }
        lowered
    }

    /// Takes everything over.
    ///
    /// # Safety
    ///
    /// Taken once.
    unsafe fn lift(&self) -> Message {
        let places = (0..ENDS).filter(|place| self.ends[*place] != 0);
        Message {
            // SAFETY: came from `lower`; the caller takes it once.
            text: unsafe { std::ptr::read(&self.text).lift() },
            ends: places
                .map(|place| {
                    AnyEnd::received(self.codes[place], self.futures[place], self.ends[place])
                })
                .collect(),
            token: (self.token != 0).then(|| Token::from_handle(self.token)),
        }
    }

    /// Lifts on the host's side: handles leave the guest's table, lists stay.
    ///
    /// # Safety
    ///
    /// Holds lowered values.
    unsafe fn take(&self, host: &Host) -> Letter {
        let table = host.table();
        let places = (0..ENDS).filter(|place| self.ends[*place] != 0);
        Letter {
            // SAFETY: as promised by the caller.
            text: unsafe { self.text.copied() },
            ends: places
                .map(|place| {
                    let is_future = self.futures[place];
                    let code = self.codes[place];
                    let held = table.borrow_mut().take_readable(
                        self.ends[place],
                        is_future,
                        type_of(code),
                    );
                    (code, is_future, held)
                })
                .collect(),
            token: (self.token != 0).then(|| table.borrow_mut().take_resource(self.token)),
        }
    }

    /// Lowers on the host's side.
    fn put(letter: Letter, host: &Host) -> Lowered {
        let table = host.table();
        let mut lowered = Lowered {
            text: Text::lower(letter.text),
            codes: [0; ENDS],
            futures: [false; ENDS],
            ends: [0; ENDS],
            token: letter
                .token
                .map_or(0, |rep| table.borrow_mut().add_resource(rep)),
        };
        for (place, (code, is_future, held)) in letter.ends.into_iter().enumerate() {
            lowered.codes[place] = code;
            lowered.futures[place] = is_future;
            lowered.ends[place] = table.borrow_mut().add_end(held);
        }
        lowered
    }
}

impl Message {
    /// What has a handle in it.
    pub fn carries(&self) -> impl Iterator<Item = Carried> {
        let ends = self.ends.iter().map(|end| Carried::End(end.serial()));
        let token = self
            .token
            .iter()
            .map(|token| Carried::Token(token.number()));
        ends.chain(token)
    }

    /// What reaches an export.
    pub fn arrived(letter: Letter) -> Message {
        let lowered = guarded_with(|| Lowered::put(letter, &host()));
        match lowered {
            // SAFETY: just lowered, and taken once.
            Some(lowered) => unsafe { lowered.lift() },
            None => Message::default(),
        }
    }

    /// What an export returns: lowered, lifted by the host, freed.
    pub fn leave(self) -> Letter {
        let lowered = Lowered::lower(self);
        // SAFETY: just lowered.
        let letter = guarded_with(|| unsafe { lowered.take(&host()) });
        // SAFETY: the host has copied the text, which is freed after that.
        drop(unsafe { std::ptr::read(&lowered.text).lift() });
        letter.unwrap_or_default()
    }
}

/// Where a call goes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Target {
    Host,
    Instance(usize),
}

/// `exchange: async func(message) -> message`, imported from the host or from the
/// next instance. Like what bindings have it is without size.
pub struct Exchange<const WITH_HOST: bool>;

impl<const WITH_HOST: bool> Exchange<WITH_HOST> {
    fn target(world: &World) -> Target {
        match WITH_HOST {
            true => Target::Host,
            false => Target::Instance(world.running_instance() + 1),
        }
    }
}

/// The parameters, in the block.
#[derive(Copy, Clone)]
pub struct Params(*mut Lowered);

// SAFETY: the block is parameters and result.
unsafe impl<const WITH_HOST: bool> Subtask for Exchange<WITH_HOST> {
    type Params = Message;
    type ParamsLower = Params;
    type Results = Message;

    fn abi_layout(&mut self) -> Layout {
        Layout::new::<[Lowered; 2]>()
    }

    fn results_offset(&mut self) -> usize {
        size_of::<Lowered>()
    }

    unsafe fn call_import(&mut self, Params(params): Params, results: *mut u8) -> u32 {
        fault::at(Site::CallImport);
        let status = guarded(|| {
            let world = world();
            world.call(Self::target(&world), params, results.cast())
        });
        // After a trap, something that is decoded without complaint.
        if crate::host::trap::has_trapped() {
            1 << 4 | 1
        } else {
            status
        }
    }

    unsafe fn params_lower(&mut self, message: Message, to: *mut u8) -> Params {
        fault::at(Site::ParamsLower);
        let to = to.cast::<Lowered>();
        // SAFETY: the block begins with room for it.
        unsafe { to.write(Lowered::lower(message)) };
        Params(to)
    }

    unsafe fn params_dealloc_lists(&mut self, Params(params): Params) {
        // SAFETY: the contract of the slot: the callee has copied the list.
        drop(unsafe { (&raw const (*params).text).read().lift() });
        fault::at(Site::ParamsFree);
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, Params(params): Params) {
        // SAFETY: the contract of the slot: everything is still ours.
        drop(unsafe { (*params).lift() });
        fault::at(Site::ParamsFreeOwn);
    }

    unsafe fn results_lift(&mut self, from: *mut u8) -> Message {
        // SAFETY: the contract of the slot.
        let message = unsafe { (*from.cast::<Lowered>()).lift() };
        fault::at(Site::ResultsLift);
        message
    }
}

/// `borrowing: async func(token: borrow<token>) -> u32`, imported from the host.
pub struct Borrowing<'a>(pub std::marker::PhantomData<&'a Token>);

// SAFETY: the block is the result.
unsafe impl<'a> Subtask for Borrowing<'a> {
    type Params = &'a Token;
    type ParamsLower = u32;
    type Results = u32;

    fn abi_layout(&mut self) -> Layout {
        Layout::new::<u32>()
    }

    fn results_offset(&mut self) -> usize {
        0
    }

    unsafe fn call_import(&mut self, token: u32, results: *mut u8) -> u32 {
        let status = guarded(|| world().borrow(token, results.cast()));
        if crate::host::trap::has_trapped() {
            1 << 4 | 1
        } else {
            status
        }
    }

    unsafe fn params_lower(&mut self, token: &'a Token, _: *mut u8) -> u32 {
        token.handle()
    }

    unsafe fn params_dealloc_lists(&mut self, _: u32) {}

    unsafe fn params_dealloc_lists_and_own(&mut self, _: u32) {}

    unsafe fn results_lift(&mut self, from: *mut u8) -> u32 {
        // SAFETY: the contract of the slot.
        unsafe { from.cast::<u32>().read() }
    }
}

/// The callee of [`Pass`](crate::host::pass::Pass) in a world. Like what bindings have it
/// is without size.
pub struct TheHost;

impl Callee for TheHost {
    fn call(&self, host: &Rc<Host>, params: *mut u8, results: *mut u8, bodies: [Body; 2]) -> u32 {
        let world = world();
        let on_cancel = match world.decide(2) {
            0 => OnCancel::Confirm,
            _ => OnCancel::Return,
        };
        let call = Call::new(host, params, results, on_cancel, bodies);
        world.serve(Served {
            call: Rc::clone(&call),
            letter: Rc::default(),
        });
        world.awaited.calls(&call);
        call.answer(host)
    }
}

/// A call that the host serves.
pub struct Served {
    call: Rc<Call>,
    letter: Rc<RefCell<Option<Letter>>>,
}

impl World {
    /// A guest calls.
    fn call(&self, target: Target, params: *mut Lowered, results: *mut Lowered) -> u32 {
        let host = host();
        let letter = Rc::new(RefCell::new(None));
        let (arriving, leaving) = (Rc::clone(&letter), Rc::clone(&letter));
        let (sender, receiver) = (Rc::clone(&host), Rc::clone(&host));
        let cargo = self.leaks.polled();
        let brought = Rc::clone(&cargo);
        let reads = move |_: *const u8, _: *mut u8| {
            // SAFETY: lent until the callee has started.
            let letter = unsafe { (*params).take(&sender) };
            cargo.take();
            arriving.replace(Some(letter));
        };
        let writes = move |_: *const u8, _: *mut u8| {
            let letter = leaving.take().unwrap_or_default();
            brought.borrow_mut().extend(letter.carries());
            // SAFETY: lent until the callee has returned.
            unsafe { results.write(Lowered::put(letter, &receiver)) };
        };
        let on_cancel = match target {
            Target::Host if self.scenario() == Scenario::Small(Small::Calls) => OnCancel::Confirm,
            Target::Host if self.scenario().small().is_some() => OnCancel::Return,
            Target::Host if self.decide(2) == 0 => OnCancel::Confirm,
            Target::Host => OnCancel::Return,
            Target::Instance(_) => OnCancel::Wait,
        };
        let bodies: [Body; 2] = [Box::new(reads), Box::new(writes)];
        let call = Call::new(&host, params.cast(), results.cast(), on_cancel, bodies);
        let served = Served {
            call: Rc::clone(&call),
            letter,
        };
        match target {
            Target::Host => self.serve(served),
            Target::Instance(instance) => self.enter(instance, Caller::Guest(served)),
        }
        self.awaited.calls(&call);
        call.answer(&host)
    }

    /// A guest calls with a borrowed handle.
    fn borrow(&self, token: u32, results: *mut u32) -> u32 {
        let host = host();
        let lends = host.lend(token);
        let bodies: [Body; 2] = [
            Box::new(|_, _| {}),
            // SAFETY: lent until the callee has returned.
            Box::new(move |_, _| unsafe { results.write(7) }),
        ];
        let none = std::ptr::null();
        let call = Call::new(&host, none, results.cast(), OnCancel::Confirm, bodies);
        // Given back when the caller learns that the call has resolved.
        call.when_told(Box::new(move || lends.set(lends.get() - 1)));
        self.serve(Served {
            call: Rc::clone(&call),
            letter: Rc::default(),
        });
        self.awaited.calls(&call);
        call.answer(&host)
    }

    /// How many steps of a call the host takes at once in a small world: it takes the
    /// call. The first one of a run it may also answer, or let wait.
    fn small_steps(&self) -> u32 {
        let ways: &[u32] = match (self.was_called.replace(true), self.scenario()) {
            (false, Scenario::Small(Small::Calls)) => &[2, 1, 0],
            (false, _) => &[2, 1],
            (true, _) => &[1],
        };
        ways[self.decide(ways.len() as u32) as usize]
    }

    /// The host takes a call, and may answer at once.
    fn serve(&self, served: Served) {
        let mut served = Some(served);
        let steps = match self.scenario().small() {
            _ if self.rules().calls_return_at_once => 2,
            Some(_) => self.small_steps(),
            None => self.decide(3),
        };
        for _ in 0..steps {
            served = served.and_then(|served| served.step(self));
        }
        if let Some(served) = served {
            self.owe(served);
        }
    }
}

impl Served {
    /// Whether the host has to do something about it still.
    pub fn is_open(&self) -> bool {
        !self.call.is_resolved()
    }

    /// The next thing: it starts, or it returns.
    pub fn step(self, world: &World) -> Option<Served> {
        if !self.is_open() {
            return None;
        }
        if !self.call.has_started() {
            self.call.start();
            if let Some(letter) = self.letter.take() {
                world.host_takes(letter);
            }
            return Some(self);
        }
        self.letter.replace(Some(world.host_letter()));
        self.call.resolve();
        None
    }

    /// The callee is admitted: what it gets.
    pub fn start(&self) -> Letter {
        self.call.start();
        self.letter.take().unwrap_or_default()
    }

    /// The callee returns.
    pub fn resolve(&self, letter: Letter) {
        if !self.is_open() {
            // Somebody in between has confirmed a cancel, and keeps what comes.
            return world().host_takes(letter);
        }
        self.letter.replace(Some(letter));
        self.call.resolve();
    }

    /// The callee was cancelled.
    pub fn confirm_cancel(&self) {
        self.call.confirm_cancel();
    }

    pub fn call(&self) -> &Rc<Call> {
        &self.call
    }
}

impl World {
    /// What the host answers, and what it calls with.
    pub fn host_letter(&self) -> Letter {
        let mut letter = Letter {
            text: "from the host".to_owned(),
            ..Letter::default()
        };
        if self.is_closing() || self.scenario().small().is_some() {
            return letter;
        }
        for _ in 0..self.decide(ENDS as u32 + 1) {
            let code = self.pick_payload();
            let only = self.scenario().is_future();
            let is_future = only.unwrap_or_else(|| self.pick(2) == 1);
            let held = self.host_readable(type_of(code), is_future);
            letter.ends.push((code, is_future, held));
        }
        if self.decide(4) == 1 {
            letter.token = Some(Rep::new(self.next_number()));
        }
        letter
    }

    /// The host keeps the ends, and drops the rest.
    pub fn host_takes(&self, letter: Letter) {
        for (_, _, held) in letter.ends {
            self.hold(held);
        }
    }
}

/// What the payload of a code is in the ABI.
fn type_of(code: u32) -> Type {
    match code {
        0 => Type::Word,
        1 | 7 => Type::Text,
        2 => Type::Lists,
        3 => Type::Token,
        4 => Type::Reader,
        5 => Type::Unit,
        8 => Type::Awaited,
        _ => Type::Nothing,
    }
}

/// Who called an export.
pub enum Caller {
    Host,
    Guest(Served),
}
