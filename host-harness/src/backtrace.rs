//! Shows a trap the way a person wants to read it: the cause first, then the
//! guest's own frames with file and line.

use std::fmt::Write;
use std::path::Path;

use rustc_demangle::demangle;
use wasmtime::WasmBacktrace;

/// Longer names of functions are cut: generic ones run over many lines.
const NAME: usize = 100;

/// Frames that this many others lie above of are not shown.
const FRAMES: usize = 40;

/// The causes of an error, and its backtrace if it has one.
pub fn describe(error: &wasmtime::Error) -> String {
    let trace = error.downcast_ref::<WasmBacktrace>();
    causes(error) + &trace.map(frames).unwrap_or_default()
}

/// The causes of an error, without its backtrace.
pub fn causes(error: &wasmtime::Error) -> String {
    // The outermost message of an error with a backtrace is that backtrace.
    let traced = error.downcast_ref::<WasmBacktrace>().is_some();
    let causes: Vec<String> = error
        .chain()
        .skip(usize::from(traced))
        .map(|cause| cause.to_string())
        .collect();
    causes.join(": ")
}

/// One frame of source, inlined or not.
struct Frame {
    name: String,
    place: Option<String>,
    /// Part of what every panic goes through, or of the compiler's library.
    machinery: bool,
}

impl Frame {
    fn new(name: &str, place: Option<(&str, Option<u32>)>) -> Frame {
        let machinery = match place {
            Some((file, _)) => file.starts_with("/rustc/"),
            None => name == "abort",
        };
        let place = place.map(|(file, line)| match line {
            Some(line) => format!("{}:{line}", shorten(file)),
            None => shorten(file),
        });
        // Without the hashes at the end, which tell a person nothing.
        Frame {
            name: cut(&format!("{:#}", demangle(name))),
            place,
            machinery,
        }
    }
}

fn frames(trace: &WasmBacktrace) -> String {
    let mut all = Vec::new();
    for frame in trace.frames() {
        let function = frame.func_name().unwrap_or("an unnamed function");
        if frame.symbols().is_empty() {
            all.push(Frame::new(function, None));
        }
        for symbol in frame.symbols() {
            let place = symbol.file().map(|file| (file, symbol.line()));
            all.push(Frame::new(symbol.name().unwrap_or(function), place));
        }
    }
    let panicking = all.iter().take_while(|frame| frame.machinery).count();
    // A trap of the standard library alone still shows where it was.
    let skipped = if panicking == all.len() { 0 } else { panicking };
    let mut text = String::new();
    for frame in all.iter().skip(skipped).take(FRAMES) {
        let _ = write!(text, "\n  in {}", frame.name);
        if let Some(place) = &frame.place {
            let _ = write!(text, "\n     at {place}");
        }
    }
    let left = all.len().saturating_sub(skipped + FRAMES);
    if left > 0 {
        let _ = write!(text, "\n  and {left} more");
    }
    text
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Relative to the current directory; from its package on, where it lies in
/// cargo's registry.
fn shorten(file: &str) -> String {
    if let Some((_, package)) = file.split_once("/registry/src/") {
        return package
            .split_once('/')
            .map_or(package, |(_, path)| path)
            .to_owned();
    }
    let current = std::env::current_dir().unwrap_or_default();
    let root = current
        .ancestors()
        .find(|above| above.join("guest-tests").is_dir());
    let below = root.and_then(|root| Path::new(file).strip_prefix(root).ok());
    below.map_or_else(|| file.to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_are_kept_readable() {
        let file = "/home/me/.cargo/registry/src/index-1/futures-0.3.31/src/lib.rs";
        assert_eq!(shorten(file), "futures-0.3.31/src/lib.rs");
        assert_eq!(shorten("/elsewhere/lib.rs"), "/elsewhere/lib.rs");
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"é".repeat(NAME + 1)).chars().count(), NAME + 1);
    }
}
