//! Lets a core module count what it calls.
//!
//! Each function that is counted gets a wrapper, which adds to a counter and calls it.
//! All uses go to the wrapper: calls, and references too, so that what is called through
//! a table (the slots of a vtable) is counted as well. Wrappers, counters and the function
//! that reads them are added behind what is there: no other index changes.

use std::collections::BTreeSet;
use std::convert::Infallible;

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, FunctionSection, GlobalSection, GlobalType,
    Module, TypeSection, ValType,
};
use wasmparser::Parser;

use super::found::{CALLBACK, Found};
use super::plan::Plan;

/// The export that reads a counter: a function of its index.
pub const READ: &str = "host-harness:count";

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
/// When it is no module, has no names of functions and none that allocates, or nothing
/// that could be called.
pub fn rewrite(bytes: &[u8]) -> Result<Counting> {
    let found = Found::of(bytes).context("could not read the core module")?;
    if !found.named {
        bail!(
            "expected a module with the names of its functions, among which are those that \
             allocate, but it has no name section: build it with `strip = \"debuginfo\"`"
        );
    }
    if found.allocators.is_empty() {
        bail!("expected a module that allocates, but it has no `malloc` or anything like it");
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

#[cfg(test)]
mod tests;
