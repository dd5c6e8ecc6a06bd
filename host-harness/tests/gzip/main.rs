//! The real job, from the command line: what comes out, what it says about
//! itself, and what is left when it cannot be done.

mod support;
#[cfg(unix)]
mod unix;

use std::ffi::OsStr;
use std::fs;

use flate2::read::MultiGzDecoder;

use support::*;

#[test]
fn nothing() {
    compresses(b"");
}

#[test]
fn one_byte() {
    compresses(b"x");
}

#[test]
fn sizes_around_a_chunk() {
    for length in [65_535, 65_536, 65_537, 131_072] {
        compresses(&noise(length));
    }
}

#[test]
fn text_becomes_smaller() {
    let text = words(3_000_001);
    assert!(compresses(&text) < text.len() as u64 / 3);
}

#[test]
fn noise_becomes_hardly_larger() {
    let noise = noise(2_000_003);
    assert!(compresses(&noise) < noise.len() as u64 + 2_000);
}

#[test]
fn much_of_the_same() {
    assert!(compresses(&vec![0; 20 << 20]) < 100_000);
}

#[test]
fn the_header_has_name_and_time_and_the_bytes_are_the_same_each_time() {
    let directory = directory();
    let file = directory.path().join("some text");
    fs::write(&file, words(100_000)).expect("the input");
    done(directory.path(), &["some text"]);
    done(directory.path(), &["some text", "-o", "again"]);

    let first = fs::read(directory.path().join("some text.gz")).expect("the first");
    assert_eq!(
        first,
        fs::read(directory.path().join("again")).expect("the second")
    );
    let decoder = MultiGzDecoder::new(first.as_slice());
    let header = decoder.header().expect("a header");
    assert_eq!(header.filename(), Some("some text".as_bytes()));
    let modified = fs::metadata(&file)
        .and_then(|data| data.modified())
        .expect("a time");
    let seconds = modified
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    assert_eq!(u64::from(header.mtime()), seconds);
}

#[test]
fn the_level_matters() {
    let directory = directory();
    fs::write(directory.path().join("text"), words(500_000)).expect("the input");
    let size = |level: &str| {
        let summary = done(directory.path(), &["text", "-o", level, "--level", level]);
        unpacks_to(&directory.path().join(level), &words(500_000));
        summary["bytes_out"].as_u64().expect("a size")
    };
    assert!(size("9") < size("1"));
    let output = run(gzip(directory.path()).args(["text", "--level", "10"]));
    assert_eq!(output.status.code(), Some(2), "a mistake in the arguments");
}

#[test]
fn any_place_and_any_name() {
    let directory = directory();
    let root = directory.path();
    fs::create_dir_all(root.join("in put/deep")).expect("a directory");
    fs::create_dir(root.join("out")).expect("a directory");
    let file = root.join("in put/deep/größe 1.txt");
    fs::write(&file, b"contents").expect("the input");

    done(root, &["in put/deep/größe 1.txt"]);
    unpacks_to(&root.join("in put/deep/größe 1.txt.gz"), b"contents");
    done(
        &root.join("out"),
        &["../in put/deep/größe 1.txt", "-o", "here"],
    );
    unpacks_to(&root.join("out/here"), b"contents");
    done(
        &root.join("in put/deep"),
        &["größe 1.txt", "-o", "../../out/there"],
    );
    unpacks_to(&root.join("out/there"), b"contents");
    done(
        &root.join("out"),
        &[
            file.as_os_str(),
            OsStr::new("-o"),
            root.join("absolute").as_os_str(),
        ],
    );
    unpacks_to(&root.join("absolute"), b"contents");
    assert_eq!(names(&root.join("out")), ["here", "there"]);
}

#[test]
fn a_summary_for_people() {
    let directory = directory();
    fs::write(directory.path().join("text"), words(200_000)).expect("the input");
    let output = run(gzip(directory.path()).arg("text"));
    let said = String::from_utf8_lossy(&output.stdout);
    for part in [
        "text -> text.gz",
        "200000 bytes in",
        "peak memory: reader",
        "limit 8.00 MiB",
    ] {
        assert!(said.contains(part), "expected {part:?} in: {said}");
    }
}

#[test]
fn force_replaces_and_nothing_else_does() {
    let directory = directory();
    let root = directory.path();
    fs::write(root.join("a"), b"new").expect("the input");
    fs::write(root.join("a.gz"), b"old").expect("the output");
    refused(root, &["a"], &["cannot write a.gz", "it exists", "--force"]);
    assert_eq!(fs::read(root.join("a.gz")).expect("the output"), b"old");
    done(root, &["a", "--force"]);
    unpacks_to(&root.join("a.gz"), b"new");
}

#[test]
fn input_that_cannot_be_read() {
    let directory = directory();
    let root = directory.path();
    fs::create_dir(root.join("folder")).expect("a directory");
    refused(root, &["absent"], &["cannot read absent", "No such file"]);
    refused(
        root,
        &["no/such/place"],
        &["cannot read no/such/place", "No such file"],
    );
    refused(
        root,
        &["folder"],
        &["cannot compress folder", "it is a directory"],
    );
    refused(
        root,
        &["folder/"],
        &["cannot compress folder/", "it is a directory"],
    );
}

#[test]
fn output_that_cannot_be_written() {
    let directory = directory();
    let root = directory.path();
    fs::write(root.join("a"), b"contents").expect("the input");
    fs::create_dir(root.join("folder")).expect("a directory");
    let read_only = root.join("kept");
    fs::write(&read_only, b"kept").expect("a file");
    let mut permissions = fs::metadata(&read_only)
        .expect("its permissions")
        .permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&read_only, permissions).expect("read-only");

    let same = "that is the file to compress";
    refused(root, &["a", "-o", "a"], &["cannot write a", same]);
    refused(
        root,
        &["a", "-o", "./folder/../a", "--force"],
        &["cannot write ./folder/../a", same],
    );
    refused(
        root,
        &["a", "-o", "folder"],
        &["cannot write folder", "it is a directory"],
    );
    refused(
        root,
        &["a", "-o", "new/"],
        &["cannot write new/", "names a directory"],
    );
    refused(
        root,
        &["a", "-o", "no/such"],
        &["cannot write no/such", "its directory no"],
    );
    refused(root, &["a", "-o", "a/b"], &["cannot write a/b"]);
    refused(
        root,
        &["a", "-o", "kept", "--force"],
        &["cannot write kept", "read-only"],
    );
}
