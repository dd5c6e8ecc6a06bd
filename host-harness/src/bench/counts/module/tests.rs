use wasm_encoder::{
    ElementSection, Elements, EntityType, Function, ImportSection, Instruction, MemorySection,
    MemoryType, NameMap, NameSection, RefType, TableSection, TableType,
};
use wasmtime::{Engine, Linker, Store};

use super::super::plan::{ALLOCATION, DELIVERY};
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
    let mut names = NameMap::new();
    names.append(0, "malloc");
    let mut section = NameSection::new();
    section.functions(&names);
    let mut empty = Module::new();
    empty.section(&section);
    let text = refused(&empty.finish());
    assert!(text.contains("it has no Type section"), "{text}");
}

#[test]
fn a_module_that_does_not_allocate_by_a_name_that_is_known_is_refused() {
    let mut names = NameMap::new();
    names.append(0, "my_malloc");
    let mut section = NameSection::new();
    section.functions(&names);
    let mut module = Module::new();
    module.section(&section);
    let text = refused(&module.finish());
    assert!(text.contains("no `malloc`"), "{text}");
}
