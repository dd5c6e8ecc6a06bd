//! Lets a component count what it calls.
//!
//! Its main module, the one with a memory, is rewritten. All else stays as it is, byte by
//! byte, and behind it an interface is added that reads the counters:
//!
//! ```text
//! component ── main module ──► rewritten, exports `count`
//!           └─ all else             │ alias, lift
//!                                   ▼
//!              + interface `test:bench/counters`
//! ```

use std::ops::Range;

use anyhow::{Context, Result, bail};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentExportSection, ComponentInstanceSection, ComponentTypeSection,
    ExportKind, PrimitiveValType, RawSection,
};
use wasmparser::{Encoding, Instance, Parser, Payload};
use wasmparser::{Validator, WasmFeatures};

use super::found;
use super::module::{self, Counting};

/// The interface that is added.
pub const INTERFACE: &str = "test:bench/counters@0.1.0";

/// Its function: the counter of an index.
pub const FUNCTION: &str = "count";

/// Rewrites a component so that it counts: see [`module::rewrite`].
///
/// # Errors
///
/// When it is no component, or its main module cannot be rewritten.
pub fn rewrite(bytes: &[u8]) -> Result<Counting> {
    let found = Found::of(bytes)?;
    let [main] = found.mains[..] else {
        bail!(
            "expected one core module with a memory in the component, found {}",
            found.mains.len()
        );
    };
    let instances: Vec<u32> = found
        .instances
        .iter()
        .enumerate()
        .filter(|(_, module)| **module == Some(main))
        .map(|(index, _)| index as u32)
        .collect();
    let [instance] = instances[..] else {
        bail!(
            "expected one instance of the main module, found {}",
            instances.len()
        );
    };
    let counting = module::rewrite(&bytes[found.modules[main as usize].clone()])?;

    let mut component = Component::new();
    for (id, range) in &found.sections {
        let is_main = *range == found.modules[main as usize] && *id == MODULE;
        let data = match is_main {
            true => &counting.bytes[..],
            false => &bytes[range.clone()],
        };
        component.section(&RawSection { id: *id, data });
    }
    let counts = Counts::of(bytes)?;
    add_interface(&mut component, instance, &counts);
    Ok(Counting {
        bytes: component.finish(),
        counters: counting.counters,
    })
}

/// The number of a section that is a core module.
const MODULE: u8 = 1;

/// What there is in a component, not counting what is in components within.
#[derive(Default)]
struct Found {
    /// Each section: its number, and where its contents are.
    sections: Vec<(u8, Range<usize>)>,
    /// Where the core modules are.
    modules: Vec<Range<usize>>,
    /// Those with a memory.
    mains: Vec<u32>,
    /// Of which module each core instance is, if of one.
    instances: Vec<Option<u32>>,
}

impl Found {
    fn of(bytes: &[u8]) -> Result<Found> {
        let mut found = Found::default();
        // How deep in modules and components within.
        let mut depth: u32 = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.context("could not read the component")?;
            if let Payload::End(_) = payload {
                depth = depth.saturating_sub(1);
                continue;
            }
            if depth == 0 {
                found.take(&payload, bytes)?;
            }
            if let Payload::ModuleSection { .. } | Payload::ComponentSection { .. } = payload {
                depth += 1;
            }
        }
        Ok(found)
    }

    fn take(&mut self, payload: &Payload<'_>, bytes: &[u8]) -> Result<()> {
        if let Payload::Version { encoding, .. } = payload
            && *encoding != Encoding::Component
        {
            bail!("expected a component, found a core module");
        }
        let Some((id, range)) = payload.as_section() else {
            return Ok(());
        };
        let range = range.start as usize..range.end as usize;
        let contents = bytes
            .get(range.clone())
            .context("a section ends behind the end of the component")?;
        match payload {
            Payload::ModuleSection { .. } => {
                if found::has_memory(contents)? {
                    self.mains.push(self.modules.len() as u32);
                }
                self.modules.push(range.clone());
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    self.instances.push(match instance? {
                        Instance::Instantiate { module_index, .. } => Some(module_index),
                        Instance::FromExports(_) => None,
                    });
                }
            }
            _ => {}
        }
        self.sections.push((id, range));
        Ok(())
    }
}

/// How many there are of what is added.
struct Counts {
    core_functions: u32,
    functions: u32,
    types: u32,
    instances: u32,
}

impl Counts {
    /// Those that a component ends with.
    fn of(bytes: &[u8]) -> Result<Counts> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let mut counts = None;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            // The last one is of the component itself.
            if let Payload::End(_) = payload
                && let Some(types) = validator.types(0)
            {
                counts = Some(Counts {
                    core_functions: types.function_count(),
                    functions: types.component_function_count(),
                    types: types.component_type_count(),
                    instances: types.component_instance_count(),
                });
            }
            validator
                .payload(&payload)
                .context("the component is not valid")?;
        }
        counts.context("the component is empty")
    }
}

fn add_interface(component: &mut Component, instance: u32, counts: &Counts) {
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::CoreInstanceExport {
        instance,
        kind: ExportKind::Func,
        name: module::READ,
    });
    component.section(&aliases);

    let mut types = ComponentTypeSection::new();
    types
        .function()
        .params([("index", PrimitiveValType::U32)])
        .result(Some(PrimitiveValType::U64.into()));
    component.section(&types);

    let mut functions = CanonicalFunctionSection::new();
    functions.lift(counts.core_functions, counts.types, NO_OPTIONS);
    component.section(&functions);

    let mut instances = ComponentInstanceSection::new();
    instances.export_items([(FUNCTION, ComponentExportKind::Func, counts.functions)]);
    component.section(&instances);

    let mut exports = ComponentExportSection::new();
    exports.export(
        INTERFACE,
        ComponentExportKind::Instance,
        counts.instances,
        None,
    );
    component.section(&exports);
}

const NO_OPTIONS: [CanonicalOption; 0] = [];

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ConstExpr, ExportSection, Function, FunctionSection, GlobalSection,
        GlobalType, InstanceSection, Instruction, MemorySection, MemoryType, Module, ModuleArg,
        ModuleSection, NameMap, NameSection, TypeSection, ValType,
    };
    use wasmtime::component::Linker;
    use wasmtime::{Engine, Store};

    use super::super::read::Counters;
    use super::*;

    /// A module whose export `run` allocates once, with a memory or without one.
    fn main_module(memory: bool) -> Module {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut functions = FunctionSection::new();
        functions.function(0).function(0);
        module.section(&functions);
        let mut memories = MemorySection::new();
        if memory {
            memories.memory(MemoryType {
                minimum: 1,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        module.section(&memories);
        let mut globals = GlobalSection::new();
        let constant = GlobalType {
            val_type: ValType::I32,
            mutable: false,
            shared: false,
        };
        globals.global(constant, &ConstExpr::i32_const(0));
        module.section(&globals);
        let mut exports = ExportSection::new();
        exports.export("run", ExportKind::Func, 1);
        module.section(&exports);
        let mut code = CodeSection::new();
        let mut malloc = Function::new([]);
        malloc.instruction(&Instruction::End);
        code.function(&malloc);
        let mut run = Function::new([]);
        run.instruction(&Instruction::Call(0));
        run.instruction(&Instruction::End);
        code.function(&run);
        module.section(&code);
        let mut names = NameMap::new();
        names.append(0, "malloc");
        let mut section = NameSection::new();
        section.functions(&names);
        module.section(&section);
        module
    }

    /// A component with these modules, that exports the `run` of the last one.
    fn component(modules: &[Module]) -> Vec<u8> {
        let mut component = Component::new();
        for module in modules {
            component.section(&ModuleSection(module));
        }
        let mut instances = InstanceSection::new();
        instances.instantiate(
            modules.len() as u32 - 1,
            None::<(&str, ModuleArg)>.into_iter().collect::<Vec<_>>(),
        );
        component.section(&instances);
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::CoreInstanceExport {
            instance: 0,
            kind: ExportKind::Func,
            name: "run",
        });
        component.section(&aliases);
        let mut types = ComponentTypeSection::new();
        let none: [(&str, PrimitiveValType); 0] = [];
        types.function().params(none).result(None);
        component.section(&types);
        let mut functions = CanonicalFunctionSection::new();
        functions.lift(0, 0, NO_OPTIONS);
        component.section(&functions);
        let mut exports = ComponentExportSection::new();
        exports.export("run", ComponentExportKind::Func, 0, None);
        component.section(&exports);
        component.finish()
    }

    #[test]
    fn a_component_counts_and_does_what_it_did() {
        let bytes = component(&[main_module(false), main_module(true)]);
        let counting = rewrite(&bytes).expect("a component");
        let engine = Engine::default();
        let component = wasmtime::component::Component::new(&engine, &counting.bytes);
        let component = component.expect("a component");
        let mut store = Store::new(&engine, ());
        let threads = tokio::runtime::Builder::new_current_thread().build();
        threads.expect("a runtime").block_on(async {
            let instance = Linker::new(&engine)
                .instantiate_async(&mut store, &component)
                .await
                .expect("an instance");
            let counters = Counters::find(&counting.counters, &component, &instance, &mut store);
            let counters = counters.expect("it counts");
            let run = instance.get_typed_func::<(), ()>(&mut store, "run");
            let run = run.expect("it does what it did");
            for times in 0..3 {
                let counts = counters.read(&mut store).await.expect("counters");
                assert_eq!(counts.allocations(), f64::from(times));
                assert_eq!(counts.calls(), 0.0);
                run.call_async(&mut store, ()).await.expect("no trap");
            }
        });
    }

    #[track_caller]
    fn refused(bytes: &[u8]) -> String {
        format!("{:#}", rewrite(bytes).expect_err("it cannot be rewritten"))
    }

    #[test]
    fn what_is_no_component_is_refused() {
        let text = refused(&main_module(true).finish());
        assert!(text.contains("found a core module"), "{text}");
        let text = refused(b"PK");
        assert!(text.contains("could not read the component"), "{text}");
    }

    #[test]
    fn a_component_with_no_main_module_or_with_two_is_refused() {
        let text = refused(&component(&[main_module(false)]));
        assert!(text.contains("found 0"), "{text}");
        let text = refused(&component(&[main_module(true), main_module(true)]));
        assert!(text.contains("found 2"), "{text}");
    }
}
