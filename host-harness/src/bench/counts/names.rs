//! What an imported function is called in the specification.

/// The families of built-ins. What follows in a name says what is done.
const FAMILIES: [&str; 11] = [
    "backpressure",
    "context",
    "error-context",
    "future",
    "resource",
    "stream",
    "subtask",
    "task",
    "thread",
    "waitable-set",
    "waitable",
];

/// How functions of other components are called, whatever they are.
pub const IMPORT: &str = "import";

/// The name of what a guest imports as `name`: that of a built-in, such as `stream.read`
/// for `[async-lower][stream-read-0]take`, or [`IMPORT`].
pub fn called(name: &str) -> String {
    let name = name.strip_prefix("[async-lower]").unwrap_or(name);
    let inner = name
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(inner, _)| inner);
    let Some(inner) = inner else {
        return IMPORT.to_owned();
    };
    // Which of the streams of a function it is, or which of the slots.
    let is_place = |last: &str| last == "unit" || last.bytes().all(|byte| byte.is_ascii_digit());
    let inner = match inner.rsplit_once('-') {
        Some((rest, last)) if is_place(last) => rest,
        _ => inner,
    };
    let of = |family: &&str| {
        let verb = inner.strip_prefix(*family)?.strip_prefix('-')?;
        Some(format!("{family}.{verb}"))
    };
    FAMILIES
        .iter()
        .find_map(of)
        .unwrap_or_else(|| IMPORT.to_owned())
}

/// Whether it is a built-in that does not leave the guest: hosts compile it to a load or
/// a store.
pub fn is_context(called: &str) -> bool {
    called.starts_with("context.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        for (name, expected) in [
            ("[async-lower][stream-read-0]take-bytes", "stream.read"),
            ("[stream-new-12]take-bytes", "stream.new"),
            ("[async-lower][stream-write-unit]", "stream.write"),
            ("[future-drop-readable-0]take", "future.drop-readable"),
            ("[stream-cancel-read-0]take", "stream.cancel-read"),
            ("[waitable-join]", "waitable.join"),
            ("[waitable-set-new]", "waitable-set.new"),
            ("[waitable-set-poll]", "waitable-set.poll"),
            ("[subtask-drop]", "subtask.drop"),
            ("[async-lower][subtask-cancel]", "subtask.cancel"),
            ("[task-return]run", "task.return"),
            ("[context-get-0]", "context.get"),
            ("[resource-drop]token", "resource.drop"),
            ("[error-context-new-utf8]", "error-context.new-utf8"),
            ("[async-lower]ready", "import"),
            ("[constructor]token", "import"),
            ("[method]token.get", "import"),
            ("get-stdout", "import"),
        ] {
            assert_eq!(called(name), expected, "{name}");
        }
    }

    #[test]
    fn the_slots_of_a_task_do_not_leave_the_guest() {
        assert!(is_context(&called("[context-set-0]")));
        assert!(!is_context(&called("[error-context-drop]")));
        assert!(!is_context(&called("[waitable-join]")));
    }
}
