//! What there is in a core module.

use anyhow::Result;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// How the exports begin through which the host tells a task something.
pub const CALLBACK: &str = "[callback]";

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

/// What there is in a module.
#[derive(Default)]
pub struct Found<'a> {
    /// The type of each function, imported ones first.
    pub functions: Vec<u32>,
    /// The names of those that are imported.
    pub imports: Vec<&'a str>,
    /// How many parameters the functions of each type have.
    pub types: Vec<u32>,
    /// How many globals there are.
    pub globals: u32,
    /// Whether functions have names.
    pub named: bool,
    /// The functions that allocate.
    pub allocators: Vec<u32>,
    /// The functions that the host tells a task something through.
    pub callbacks: Vec<u32>,
}

impl<'a> Found<'a> {
    /// Looks at a module.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn of(bytes: &'a [u8]) -> Result<Found<'a>> {
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
