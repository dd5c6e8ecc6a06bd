//! Descriptions that fit and that do not.

use super::*;
use crate::discover;

const THING: &str = "test:t/thing@0.1.0";
const SCENARIOS: &str = "test:t/scenarios@0.1.0";

/// A guest that imports and exports instances of one function.
fn guest(name: &str, imports: &[&str], exports: &[&str]) -> Arc<Guest> {
    let mut text = String::from(
        r#"(component
            (core module $code (func (export "f")))
            (core instance $code (instantiate $code))
            (func $f (canon lift (core func $code "f")))
            (instance $instance (export "f" (func $f)))"#,
    );
    for import in imports {
        text.push_str(&format!(
            r#"(import "{import}" (instance (export "f" (func))))"#
        ));
    }
    for export in exports {
        text.push_str(&format!(r#"(export "{export}" (instance $instance))"#));
    }
    text.push(')');
    let bytes = wat::parse_str(text).expect("it is a component");
    let path = PathBuf::from(format!("{name}.wasm"));
    Arc::new(Guest::of(name, "t", &path, bytes).expect("it is a guest"))
}

/// A leaf, a middle that exports what it imports, a runner.
fn guests() -> Vec<Arc<Guest>> {
    let accounting = "test:harness/accounting@0.1.0";
    vec![
        guest("t-leaf", &[], &[THING, accounting]),
        guest("t-middle", &[THING], &[THING, accounting]),
        guest("t-runner", &[THING], &[SCENARIOS, accounting]),
        guest("t-silent", &[], &[THING]),
        guest(
            "t-other",
            &[THING],
            &["test:t/scenarios-other@0.1.0", accounting],
        ),
    ]
}

fn description(body: &str) -> Description {
    Description {
        name: "three".to_owned(),
        theme: "t".to_owned(),
        path: PathBuf::from("t/three.wac"),
        source: format!("package t:three;\n{body}"),
    }
}

const CHAIN: &str = "
    let leaf = new guest:t-leaf { ... };
    let first = new guest:t-middle { ...leaf, ... };
    let second = new guest:t-middle { ...first, ... };
    let runner = new guest:t-runner { thing: second.thing, ... };
    export runner...;
";

#[track_caller]
fn refused(body: &str) -> String {
    let error = description(body)
        .compose(&guests(), &[])
        .expect_err("it does not fit");
    let text = format!("{error:#}");
    assert!(text.starts_with("t/three.wac: "), "{text}");
    text
}

#[test]
fn a_guest_may_be_instantiated_again_and_again() {
    let composition = description(CHAIN).compose(&guests(), &[]).expect("it fits");
    assert_eq!(
        composition.names(),
        [
            "runner (t-runner)",
            "leaf (t-leaf)",
            "first (t-middle)",
            "second (t-middle)"
        ]
    );
    assert_eq!(composition.runner().name, "t-runner");
    assert_eq!(composition.label().as_deref(), Some("three"));
    assert!(composition.exports(SCENARIOS) && !composition.exports(THING));

    let bytes = composition.encode().expect("it was encoded");
    let whole = Guest::of("whole", "t", Path::new("whole.wasm"), bytes).expect("a component");
    assert!(whole.imports.is_empty(), "{:?}", whole.imports);
    assert!(whole.export("test:t/scenarios").is_some());
    let accounting = composition.accounting();
    let names: BTreeSet<&str> = accounting.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names.len(), 4, "each instance has an export of its own");
    for name in names {
        let exported = whole.exports.iter().any(|export| export.name == name);
        assert!(exported, "{name} in {}", whole.exported());
    }
}

#[test]
fn what_is_no_description_is_shown_with_its_place() {
    let text = refused("let leaf = now guest:t-leaf;");
    assert!(text.contains("line 2, column 16: expected `;`"), "{text}");
    let text = refused("let leaf = new guest:t-leaf { ... };\nlet other = loaf;");
    assert!(
        text.contains("line 3, column 13: undefined name `loaf`"),
        "{text}"
    );
}

#[test]
fn a_guest_that_does_not_exist_is_named_beside_those_that_do() {
    let text = refused("let leaf = new guest:t-loaf { ... };");
    assert!(text.contains("line 2, column 16: "), "{text}");
    assert!(text.contains("`guest:t-loaf`"), "{text}");
    assert!(text.contains("`guest:t-leaf`, `guest:t-middle`"), "{text}");
}

#[test]
fn what_an_instance_does_not_export_or_import_is_refused() {
    let leaf = "let leaf = new guest:t-leaf { ... };\n";
    let text = refused(&format!("{leaf}let thing = leaf.thong;"));
    assert!(text.contains("`thong`"), "{text}");
    let text = refused(&format!(
        "{leaf}let middle = new guest:t-middle {{ thong: leaf.thing, ... }};"
    ));
    assert!(text.contains("`thong`"), "{text}");
    let text = refused(&format!(
        "{leaf}let middle = new guest:t-middle {{ \"{THING}\": leaf, ... }};"
    ));
    assert!(text.contains(THING), "{text}");
}

#[test]
fn an_import_that_was_forgotten_is_named_unless_the_host_has_it() {
    let forgotten = "let runner = new guest:t-runner { ... }; export runner...;";
    let text = refused(forgotten);
    assert!(
        text.contains(&format!("`runner` imports `{THING}`")),
        "{text}"
    );
    let composition = description(forgotten).compose(&guests(), &["test:t/thing"]);
    composition.expect("the host has it");
}

#[test]
fn the_scenarios_of_one_instance_are_exported() {
    let text = refused("let leaf = new guest:t-leaf { ... }; export leaf...;");
    assert!(text.contains("found that it exports none"), "{text}");
    let text = refused(
        "let leaf = new guest:t-leaf { ... };
        let one = new guest:t-runner { ...leaf, ... };
        let other = new guest:t-other { ...leaf, ... };
        export one...;
        export other...;",
    );
    assert!(text.contains("those of `one`, `other`"), "{text}");
}

#[test]
fn every_instance_must_be_accounted_for() {
    let text = refused(&CHAIN.replace("t-leaf", "t-silent"));
    assert!(
        text.contains("expected that `leaf` exports `test:harness/accounting`"),
        "{text}"
    );
}

#[test]
fn scenarios_are_found_once_for_each_description() {
    let mut other = description(CHAIN);
    other.name = "four".to_owned();
    let guests = guests()[..3].to_vec();
    let found = discover::discover(&guests, &[description(CHAIN), other], &[], false);
    let names: Vec<&str> = found.scenarios.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["t/f@three", "t/f@four"]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

#[test]
fn what_no_description_runs_is_a_problem() {
    let guests = guests()[..3].to_vec();
    let body = CHAIN.replace("export runner...", "export runner.accounting");
    let found = discover::discover(&guests, &[description(&body)], &[], false);
    assert!(found.scenarios.is_empty());
    let problems: Vec<&str> = found.problems.iter().map(|found| &*found.name).collect();
    assert_eq!(problems, ["t/three"], "and none that follows from it");
}

#[test]
fn only_files_with_the_extension_are_descriptions() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("b.wac", "b"), ("a.wac", "a"), ("a.txt", "x")] {
        std::fs::write(folder.path().join(name), text).expect("it is written");
    }
    let found = Description::read_all(folder.path(), "t").expect("it is read");
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (&*found.name, &*found.source))
        .collect();
    assert_eq!(found, [("a", "a"), ("b", "b")]);
    assert!(Description::read_all(Path::new("no such folder"), "t").is_err());
}
