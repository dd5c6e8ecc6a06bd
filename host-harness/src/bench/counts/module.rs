//! Lets a core module count what it calls.
//!
//! Each function that is counted gets a wrapper, which adds to a counter and calls it.
//! All uses go to the wrapper: calls, and references too, so that what is called through
//! a table (the slots of a vtable) is counted as well. Wrappers, counters and the function
//! that reads them are added behind what is there: no other index changes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, Module, TypeSection, ValType,
};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use super::names;

/// The export that reads a counter: a function of its index.
pub const READ: &str = "host-harness:count";

/// What the name of an allocation's counter is.
pub const ALLOCATION: &str = "allocation";

/// What the name is of the counter of what the host tells tasks.
pub const DELIVERY: &str = "delivery";

/// How the exports begin through which it does.
const CALLBACK: &str = "[callback]";

/// What every allocation of a guest goes through, in Rust and in C.
const ALLOCATORS: [&str; 7] = [
    "aligned_alloc",
    "calloc",
    "malloc",
    "memalign",
    "posix_memalign",
    "realloc",
    "reallocarray",
];

/// A module that counts.
#[derive(Debug)]
pub struct Counting {
    /// Itself.
    pub bytes: Vec<u8>,
    /// What each of its counters is of.
    pub counters: Vec<String>,
}

/// Rewrites a module so that it counts its calls of imported functions, by their names,
/// its allocations, each once, whatever the allocator calls itself, and how often the host
/// calls one of its callbacks.
///
/// # Errors
///
/// When it is no module, has no names of functions, or nothing that could be called.
pub fn rewrite(bytes: &[u8]) -> Result<Counting> {
    let found = Found::of(bytes).context("could not read the core module")?;
    if !found.named {
        bail!(
            "expected a module with the names of its functions, among which are those that \
             allocate, but it has no name section: build it with `strip = \"debuginfo\"`"
        );
    }
    let plan = Plan::of(&found);
    let counters = plan.counters.clone();
    let mut rewriter = Rewriter {
        plan,
        added: BTreeSet::new(),
    };
    let mut module = Module::new();
    rewriter
        .parse_core_module(&mut module, Parser::new(0), bytes)
        .context("could not rewrite the core module")?;
    let needed = [Section::Type, Section::Function, Section::Global];
    let needed = needed.into_iter().chain([Section::Export, Section::Code]);
    if let Some(missing) = needed.into_iter().find(|one| !rewriter.added.contains(one)) {
        bail!(
            "expected a module with functions, globals and exports, but it has no {missing:?} section"
        );
    }
    Ok(Counting {
        bytes: module.finish(),
        counters,
    })
}

/// What there is in a module.
#[derive(Default)]
struct Found<'a> {
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    /// The names of those that are imported.
    imports: Vec<&'a str>,
    /// How many parameters the functions of each type have.
    types: Vec<u32>,
    globals: u32,
    named: bool,
    allocators: Vec<u32>,
    callbacks: Vec<u32>,
}

impl<'a> Found<'a> {
    fn of(bytes: &'a [u8]) -> Result<Found<'a>> {
        let mut found = Found::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(types) => {
                    for ty in types.into_iter_err_on_gc_types() {
                        found.types.push(ty?.params().len() as u32);
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(ty) => {
                                found.functions.push(ty);
                                found.imports.push(import.name);
                            }
                            TypeRef::Global(_) => found.globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    for ty in functions {
                        found.functions.push(ty?);
                    }
                }
                Payload::GlobalSection(globals) => found.globals += globals.count(),
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.name.starts_with(CALLBACK) {
                            found.callbacks.push(export.index);
                        }
                    }
                }
                Payload::CustomSection(custom) => {
                    if let KnownCustom::Name(names) = custom.as_known() {
                        found.read_names(names)?;
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn read_names(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<()> {
        for name in names {
            let Name::Function(functions) = name? else {
                continue;
            };
            self.named = true;
            for function in functions {
                let function = function?;
                if ALLOCATORS.contains(&function.name) {
                    self.allocators.push(function.index);
                }
            }
        }
        Ok(())
    }
}

/// A function that is added.
struct Wrapper {
    /// Of which one.
    around: u32,
    ty: u32,
    parameters: u32,
    counter: u32,
    /// Whether calls are not counted that come while it runs.
    outermost: bool,
}

/// What is added to a module.
struct Plan {
    counters: Vec<String>,
    wrappers: Vec<Wrapper>,
    /// The wrapper of each function that has one.
    instead: BTreeMap<u32, u32>,
    /// That of each callback. The host calls it.
    told: BTreeMap<u32, u32>,
    /// The type of the function that reads counters, and itself.
    read_type: u32,
    read: u32,
    /// The first counter. Behind the last one it is counted how many allocators run.
    globals: u32,
}

impl Plan {
    fn of(found: &Found<'_>) -> Plan {
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

    fn body(&self, wrapper: &Wrapper) -> Function {
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

    fn read_body(&self) -> Function {
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

/// The sections that something is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Type,
    Function,
    Global,
    Export,
    Code,
}

struct Rewriter {
    plan: Plan,
    /// Where it was added already.
    added: BTreeSet<Section>,
}

type Rewritten = Result<(), reencode::Error<Infallible>>;

impl Reencode for Rewriter {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error<Infallible>> {
        Ok(self.plan.instead.get(&index).copied().unwrap_or(index))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], [ValType::I64]);
        self.added.insert(Section::Type);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_function_section(self, functions, section)?;
        for wrapper in &self.plan.wrappers {
            functions.function(wrapper.ty);
        }
        functions.function(self.plan.read_type);
        self.added.insert(Section::Function);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_global_section(self, globals, section)?;
        let variable = |val_type| GlobalType {
            val_type,
            mutable: true,
            shared: false,
        };
        for _ in &self.plan.counters {
            globals.global(variable(ValType::I64), &ConstExpr::i64_const(0));
        }
        globals.global(variable(ValType::I32), &ConstExpr::i32_const(0));
        self.added.insert(Section::Global);
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: wasmparser::Export<'_>,
    ) -> Rewritten {
        let told = self.plan.told.get(&export.index);
        if let (true, Some(wrapper)) = (export.name.starts_with(CALLBACK), told) {
            exports.export(export.name, ExportKind::Func, *wrapper);
            return Ok(());
        }
        utils::parse_export(self, exports, export)
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_export_section(self, exports, section)?;
        exports.export(READ, ExportKind::Func, self.plan.read);
        self.added.insert(Section::Export);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_code_section(self, code, section)?;
        for wrapper in &self.plan.wrappers {
            code.function(&self.plan.body(wrapper));
        }
        code.function(&self.plan.read_body());
        self.added.insert(Section::Code);
        Ok(())
    }

    /// The names stay what they are: no index of theirs changes.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Rewritten {
        module.section(&wasm_encoder::CustomSection {
            name: section.name().into(),
            data: section.data().into(),
        });
        Ok(())
    }
}

/// Whether a module has a memory of its own.
///
/// # Errors
///
/// When it is no module.
pub fn has_memory(bytes: &[u8]) -> Result<bool> {
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::MemorySection(memories) = payload? {
            return Ok(memories.count() > 0);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ElementSection, Elements, EntityType, ImportSection, MemorySection, MemoryType, NameMap,
        NameSection, RefType, TableSection, TableType,
    };
    use wasmtime::{Engine, Linker, Store};

    use super::*;

    /// Functions: 0 `join` and 1 `ready` are imported, 2 `malloc`, 3 `realloc`, 4 `run`,
    /// 5 a callback. `run` calls `join` twice, `ready` through a table, and allocates
    /// twice.
    fn sample(named: bool) -> Vec<u8> {
        use Instruction::{Call, CallIndirect, Drop, End, I32Const, LocalGet};
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], []);
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([], []);
        module.section(&types);
        let mut imports = ImportSection::new();
        imports.import("$root", "[waitable-join]", EntityType::Function(0));
        imports.import("peer", "[async-lower]ready", EntityType::Function(1));
        module.section(&imports);
        let mut functions = FunctionSection::new();
        functions.function(1).function(1).function(2).function(2);
        module.section(&functions);
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 1,
            maximum: None,
            shared: false,
        });
        module.section(&tables);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        module.section(&memories);
        let mut globals = GlobalSection::new();
        let stack = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(stack, &ConstExpr::i32_const(7));
        module.section(&globals);
        let mut exports = ExportSection::new();
        exports.export("run", ExportKind::Func, 4);
        exports.export("[callback]run", ExportKind::Func, 5);
        // One that is imported, and passed on.
        exports.export("ready", ExportKind::Func, 1);
        module.section(&exports);
        let mut elements = ElementSection::new();
        elements.active(
            None,
            &ConstExpr::i32_const(0),
            Elements::Functions([1][..].into()),
        );
        module.section(&elements);
        let mut code = CodeSection::new();
        let mut function = |instructions: &[Instruction<'_>]| {
            let mut body = Function::new([]);
            for instruction in instructions {
                body.instruction(instruction);
            }
            code.function(&body);
        };
        function(&[LocalGet(0), End]);
        function(&[LocalGet(0), Call(2), End]);
        let through_table = CallIndirect {
            type_index: 1,
            table_index: 0,
        };
        let join = [I32Const(1), Call(0), I32Const(2), Call(0)];
        let ready = [I32Const(3), I32Const(0), through_table, Drop];
        let allocate = [I32Const(4), Call(2), Drop, I32Const(5), Call(3), Drop];
        function(&[&join[..], &ready, &allocate, &[End]].concat());
        function(&[Call(4), End]);
        module.section(&code);
        if named {
            let mut names = NameMap::new();
            names.append(2, "malloc");
            names.append(3, "realloc");
            let mut section = NameSection::new();
            section.functions(&names);
            module.section(&section);
        }
        module.finish()
    }

    /// Calls exports of a module that counts, and reads its counters.
    fn counted(counting: &Counting, exports: &[&str]) -> Vec<(String, i64)> {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap("$root", "[waitable-join]", |_: i32| ())
            .and_then(|linker| linker.func_wrap("peer", "[async-lower]ready", |number: i32| number))
            .expect("two names");
        let module = wasmtime::Module::new(&engine, &counting.bytes).expect("a module");
        let mut store = Store::new(&engine, ());
        let instance = linker
            .instantiate(&mut store, &module)
            .expect("an instance");
        for name in exports {
            let function = instance
                .get_typed_func::<(), ()>(&mut store, name)
                .expect(name);
            function.call(&mut store, ()).expect("no trap");
        }
        let read = instance
            .get_typed_func::<i32, i64>(&mut store, READ)
            .expect("counters");
        let names = (0..).zip(&counting.counters);
        names
            .map(|(index, name)| {
                let count = read.call(&mut store, index).expect("a counter");
                (name.clone(), count)
            })
            .collect()
    }

    fn expected(times: i64, deliveries: i64) -> Vec<(String, i64)> {
        [
            ("waitable.join", 2 * times),
            ("import", times),
            // What `realloc` allocates with is no other allocation.
            (ALLOCATION, 2 * times),
            (DELIVERY, deliveries),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .to_vec()
    }

    #[test]
    fn calls_are_counted_direct_ones_and_those_through_a_table() {
        let counting = rewrite(&sample(true)).expect("a module");
        assert_eq!(counted(&counting, &[]), expected(0, 0));
        assert_eq!(counted(&counting, &["run"]), expected(1, 0));
        assert_eq!(counted(&counting, &["run", "run", "run"]), expected(3, 0));
    }

    #[test]
    fn callbacks_are_counted_where_the_host_calls_them() {
        let counting = rewrite(&sample(true)).expect("a module");
        let twice = counted(&counting, &["[callback]run", "run", "[callback]run"]);
        assert_eq!(twice, expected(3, 2));
    }

    #[test]
    fn what_is_passed_on_is_counted() {
        let counting = rewrite(&sample(true)).expect("a module");
        let engine = Engine::default();
        let module = wasmtime::Module::new(&engine, &counting.bytes).expect("a module");
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker
            .define_unknown_imports_as_default_values(&mut store, &module)
            .expect("functions");
        let instance = linker
            .instantiate(&mut store, &module)
            .expect("an instance");
        let ready = instance.get_typed_func::<i32, i32>(&mut store, "ready");
        ready
            .expect("it is exported")
            .call(&mut store, 1)
            .expect("no trap");
        let read = instance.get_typed_func::<i32, i64>(&mut store, READ);
        assert_eq!(
            read.expect("counters").call(&mut store, 1).expect("import"),
            1
        );
    }

    #[track_caller]
    fn refused(bytes: &[u8]) -> String {
        format!("{:#}", rewrite(bytes).expect_err("it cannot be rewritten"))
    }

    #[test]
    fn a_module_without_names_is_refused() {
        let text = refused(&sample(false));
        assert!(text.contains("no name section"), "{text}");
        assert!(text.contains("strip = \"debuginfo\""), "{text}");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let text = refused(b"#!/bin/sh");
        assert!(text.contains("could not read the core module"), "{text}");
        let mut cut = sample(true);
        cut.truncate(cut.len() / 2);
        let text = refused(&cut);
        assert!(text.contains("could not read the core module"), "{text}");
        let mut names = NameSection::new();
        names.functions(&NameMap::new());
        let mut empty = Module::new();
        empty.section(&names);
        let text = refused(&empty.finish());
        assert!(text.contains("it has no Type section"), "{text}");
    }
}
