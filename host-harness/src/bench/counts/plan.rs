//! What is added to a core module so that it counts.

use std::collections::BTreeMap;

use wasm_encoder::{BlockType, Function, Instruction};

use super::found::Found;
use super::names;

/// What the name of an allocation's counter is.
pub const ALLOCATION: &str = "allocation";

/// What the name is of the counter of what the host tells tasks.
pub const DELIVERY: &str = "delivery";

/// A function that is added.
pub struct Wrapper {
    /// Of which one.
    around: u32,
    /// Its type.
    pub ty: u32,
    parameters: u32,
    counter: u32,
    /// Whether calls are not counted that come while it runs.
    outermost: bool,
}

/// What is added to a module.
pub struct Plan {
    /// What the counters are of.
    pub counters: Vec<String>,
    /// The wrappers, in their order.
    pub wrappers: Vec<Wrapper>,
    /// The wrapper of each function that has one.
    pub instead: BTreeMap<u32, u32>,
    /// That of each callback. The host calls it.
    pub told: BTreeMap<u32, u32>,
    /// The type of the function that reads counters,
    pub read_type: u32,
    /// and itself.
    pub read: u32,
    /// The first counter. Behind the last one it is counted how many allocators run.
    globals: u32,
}

impl Plan {
    /// For a module.
    pub fn of(found: &Found<'_>) -> Plan {
        let mut plan = Plan {
            counters: Vec::new(),
            wrappers: Vec::new(),
            instead: BTreeMap::new(),
            told: BTreeMap::new(),
            read_type: found.types.len() as u32,
            read: 0,
            globals: found.globals,
        };
        for (around, name) in (0..).zip(&found.imports) {
            let wrapper = plan.wrap(found, around, &names::called(name));
            plan.instead
                .extend(wrapper.map(|wrapper| (around, wrapper)));
        }
        for around in found.allocators.iter().copied() {
            // A function may have two names.
            if !plan.instead.contains_key(&around) {
                let wrapper = plan.wrap(found, around, ALLOCATION);
                plan.instead
                    .extend(wrapper.map(|wrapper| (around, wrapper)));
            }
        }
        for around in found.callbacks.iter().copied() {
            if !plan.told.contains_key(&around) {
                let wrapper = plan.wrap(found, around, DELIVERY);
                plan.told.extend(wrapper.map(|wrapper| (around, wrapper)));
            }
        }
        plan.read = (found.functions.len() + plan.wrappers.len()) as u32;
        plan
    }

    /// Adds a wrapper and, if there is none of this name, a counter.
    fn wrap(&mut self, found: &Found<'_>, around: u32, name: &str) -> Option<u32> {
        // What a name is of that no function has does not matter.
        let ty = *found.functions.get(around as usize)?;
        let known = self.counters.iter().position(|known| known == name);
        let counter = known.unwrap_or_else(|| {
            self.counters.push(name.to_owned());
            self.counters.len() - 1
        });
        self.wrappers.push(Wrapper {
            around,
            ty,
            parameters: *found.types.get(ty as usize)?,
            counter: counter as u32,
            outermost: name == ALLOCATION,
        });
        Some((found.functions.len() + self.wrappers.len() - 1) as u32)
    }

    /// The global that counts how many allocators run.
    fn running(&self) -> u32 {
        self.globals + self.counters.len() as u32
    }

    /// What a wrapper does.
    pub fn body(&self, wrapper: &Wrapper) -> Function {
        use Instruction::{
            Call, End, GlobalGet, GlobalSet, I32Add, I32Const, I32Eqz, I32Sub, I64Add, I64Const,
            If, LocalGet,
        };
        let mut body = Function::new([]);
        let counter = self.globals + wrapper.counter;
        let count = [GlobalGet(counter), I64Const(1), I64Add, GlobalSet(counter)];
        let running = self.running();
        let now = |change| [GlobalGet(running), I32Const(1), change, GlobalSet(running)];
        let mut add = |instructions: &[Instruction<'_>]| {
            for instruction in instructions {
                body.instruction(instruction);
            }
        };
        if wrapper.outermost {
            add(&[GlobalGet(running), I32Eqz, If(BlockType::Empty)]);
            add(&count);
            add(&[End]);
            add(&now(I32Add));
        } else {
            add(&count);
        }
        for parameter in 0..wrapper.parameters {
            add(&[LocalGet(parameter)]);
        }
        add(&[Call(wrapper.around)]);
        if wrapper.outermost {
            add(&now(I32Sub));
        }
        add(&[End]);
        body
    }

    /// What the function does that reads counters.
    pub fn read_body(&self) -> Function {
        use Instruction::{End, GlobalGet, I32Const, I32Eq, If, LocalGet, Return, Unreachable};
        let mut body = Function::new([]);
        for index in 0..self.counters.len() as u32 {
            for instruction in [
                LocalGet(0),
                I32Const(index as i32),
                I32Eq,
                If(BlockType::Empty),
                GlobalGet(self.globals + index),
                Return,
                End,
            ] {
                body.instruction(&instruction);
            }
        }
        body.instruction(&Unreachable).instruction(&End);
        body
    }
}
