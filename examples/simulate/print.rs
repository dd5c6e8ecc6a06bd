//! Printing to whoever still listens.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::process::exit;
use std::time::Instant;

/// Writes a line, or some, to the standard output. If nobody reads it any more, there is
/// nothing to say to anybody: this ends the process, with the code that is given.
pub fn say(text: &str, code: u8) {
    let mut out = stdout().lock();
    let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        exit(i32::from(code));
    }
    complain(&format!("error: could not write the result: {error}"));
    exit(1);
}

/// Writes a line, or some, to the standard error output.
pub fn complain(text: &str) {
    // Who does not want to see it need not.
    let _ = writeln!(stderr(), "{text}");
}

/// How far it is: on a terminal a line that is written over, elsewhere one now and then.
pub fn tell(line: &str, begin: Instant) {
    let mut stderr = stderr();
    let _ = if stderr.is_terminal() {
        write!(stderr, "\r\x1b[K{line}")
    } else if begin.elapsed().as_secs().is_multiple_of(10) {
        writeln!(stderr, "{line}")
    } else {
        Ok(())
    };
}

/// Takes that line away.
pub fn clear_line() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
}
