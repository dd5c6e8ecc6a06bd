//! The real job, from the command line: what comes out, what it says about
//! itself, and what is left when it cannot be done.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn gzip(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command
        .args(["demo", "gzip"])
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the harness starts")
}

/// Runs it and gives the summary.
#[track_caller]
fn done(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Value {
    let output = run(gzip(directory).args(arguments).arg("--json"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    assert_eq!(said, "", "nothing is said where there is no terminal");
    serde_json::from_slice(&output.stdout).expect("a JSON object")
}

/// Runs it, and demands that it fails with such a message and leaves everything
/// in the directory as it was.
#[track_caller]
fn refused(directory: &Path, arguments: &[&str], parts: &[&str]) {
    let before = contents(directory);
    let output = run(gzip(directory).args(arguments));
    failed(&output, parts);
    assert_eq!(contents(directory), before, "something was left or lost");
}

#[track_caller]
fn failed(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    for part in parts {
        assert!(said.contains(part), "expected {part:?} in: {said}");
    }
}

/// The names in a directory, with the size of each file.
fn contents(directory: &Path) -> BTreeSet<(String, u64)> {
    let entries = fs::read_dir(directory).expect("the directory");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let size = entry.metadata().expect("its size").len();
            (entry.file_name().to_string_lossy().into_owned(), size)
        })
        .collect()
}

fn names(directory: &Path) -> Vec<String> {
    contents(directory)
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// Text-like bytes: words of a small vocabulary in no order.
fn words(length: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = [
        "stream ",
        "future ",
        "waitable ",
        "subtask ",
        "lift ",
        "lower ",
        "callback\n",
        "the ",
    ];
    let mut random = Random(1);
    let mut text = Vec::with_capacity(length + 16);
    while text.len() < length {
        text.extend_from_slice(WORDS[(random.next() % 8) as usize].as_bytes());
    }
    text.truncate(length);
    text
}

fn noise(length: usize) -> Vec<u8> {
    let mut random = Random(7);
    (0..length).map(|_| random.next() as u8).collect()
}

/// splitmix64: the same bytes in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[track_caller]
fn unpacks_to(packed: &Path, original: &[u8]) {
    let bytes = fs::read(packed).expect("the output");
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .read_to_end(&mut unpacked)
        .expect("a gzip file");
    assert!(
        unpacked == original,
        "{} unpacks to other bytes",
        packed.display()
    );

    // The other implementation, where there is one.
    let system = Command::new("gzip").arg("-dc").arg(packed).output();
    if let Ok(system) = system {
        let said = String::from_utf8_lossy(&system.stderr);
        assert!(system.status.success(), "gzip -dc: {said}");
        assert!(system.stdout == original, "gzip -dc gives other bytes");
        let test = Command::new("gzip")
            .arg("-t")
            .arg(packed)
            .status()
            .expect("gzip starts");
        assert!(test.success(), "gzip -t: {test}");
    }
}

/// Compresses these bytes and checks everything that can be.
#[track_caller]
fn compresses(original: &[u8]) -> u64 {
    let directory = directory();
    let file = directory.path().join("data");
    fs::write(&file, original).expect("the input");
    let summary = done(directory.path(), &["data"]);

    let packed = directory.path().join("data.gz");
    unpacks_to(&packed, original);
    assert_eq!(names(directory.path()), ["data", "data.gz"]);
    assert_eq!(
        fs::read(&file).expect("the input"),
        original,
        "the input is untouched"
    );

    let size = fs::metadata(&packed).expect("the output").len();
    assert_eq!(summary["bytes_in"], original.len() as u64);
    assert_eq!(summary["bytes_out"], size);
    assert_eq!(summary["left_behind"], serde_json::json!([]));
    for guest in ["reader", "compressor", "writer"] {
        let peak = summary["peak_memory"][guest].as_u64().expect("a size");
        assert!(
            (64 << 10..=8 << 20).contains(&peak),
            "{guest}: {peak} bytes"
        );
    }
    size
}

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

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;
    use std::process::Child;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn links_are_followed_out_of_the_directory() {
        let directory = directory();
        let root = directory.path();
        fs::create_dir(root.join("links")).expect("a directory");
        fs::write(root.join("real"), b"contents").expect("the input");
        symlink(root.join("real"), root.join("links/link")).expect("a link");
        done(root, &["links/link"]);
        unpacks_to(&root.join("links/link.gz"), b"contents");
        assert_eq!(names(root), ["links", "real"]);

        fs::write(root.join("result"), b"old").expect("the output");
        symlink("../result", root.join("links/out")).expect("a link");
        done(root, &["real", "-o", "links/out", "--force"]);
        unpacks_to(&root.join("result"), b"contents");
        assert!(root.join("links/out").is_symlink(), "the link stays");

        symlink("../real", root.join("links/same")).expect("a link");
        symlink("nowhere", root.join("links/dangling")).expect("a link");
        refused(
            root,
            &["real", "-o", "links/same", "--force"],
            &["that is the file to compress"],
        );
        refused(
            root,
            &["real", "-o", "links/dangling", "--force"],
            &["leads nowhere"],
        );
    }

    #[test]
    fn the_output_has_the_permissions_of_the_input() {
        let directory = directory();
        let file = directory.path().join("secret");
        fs::write(&file, b"contents").expect("the input");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).expect("read-only");
        done(directory.path(), &["secret"]);
        let output = fs::metadata(directory.path().join("secret.gz")).expect("the output");
        assert_eq!(output.permissions().mode() & 0o777, 0o440);
    }

    #[test]
    fn devices_are_refused() {
        let directory = directory();
        let root = directory.path();
        fs::write(root.join("a"), b"contents").expect("the input");
        refused(
            root,
            &["/dev/zero", "-o", "zero"],
            &["cannot compress /dev/zero", "device"],
        );
        refused(
            root,
            &["a", "-o", "/dev/full", "--force"],
            &["cannot write /dev/full", "device"],
        );
    }

    /// A file without permissions; for root, who may read it all the same, a
    /// file whose first byte nobody can read.
    #[test]
    fn an_unreadable_file() {
        let directory = directory();
        let file = directory.path().join("secret");
        fs::write(&file, b"contents").expect("the input");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("no permissions");
        if fs::File::open(&file).is_err() {
            refused(
                directory.path(),
                &["secret"],
                &["cannot read secret", "permission denied"],
            );
        } else {
            let file = "/proc/self/mem";
            refused(
                directory.path(),
                &[file, "-o", "out"],
                &["cannot read /proc/self/mem", "error"],
            );
        }
    }

    /// A limit on the size of files stands for a disk without room: the write
    /// fails in the middle. (Two or four MiB, as the shell has it; wasmtime
    /// needs some for its own files in memory.)
    #[test]
    fn a_full_target() {
        let directory = directory();
        let root = directory.path();
        fs::write(root.join("small"), b"x").expect("the input");
        // Whatever is to be built or cached is, before the limit.
        done(root, &["small"]);
        fs::write(root.join("noise"), noise(6 << 20)).expect("the input");
        let before = contents(root);

        let output = run(Command::new("sh")
            .args([
                "-c",
                "trap '' XFSZ; ulimit -f 4096; exec \"$0\" demo gzip noise",
            ])
            .arg(env!("CARGO_BIN_EXE_host-harness"))
            .current_dir(root));
        failed(&output, &["cannot write noise.gz", "too large"]);
        assert_eq!(contents(root), before);
    }

    /// A file system without room, and one that is read-only, where mounting is
    /// permitted.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_and_a_read_only_file_system() {
        let mounted = |script: &str, root: &Path| {
            run(Command::new("unshare")
                .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
                .arg(env!("CARGO_BIN_EXE_host-harness"))
                .current_dir(root))
        };
        let directory = directory();
        let root = directory.path();
        fs::create_dir(root.join("disk")).expect("a directory");
        fs::write(root.join("noise"), noise(1 << 20)).expect("the input");
        done(root, &["noise"]);
        if !mounted("mount -t tmpfs none disk", root).status.success() {
            // The limit of `a_full_target` has to do.
            return;
        }
        let full = "mount -t tmpfs -o size=256k none disk && \"$0\" demo gzip noise -o disk/out; \
                    status=$?; ls -A disk >&2; exit $status";
        let output = mounted(full, root);
        failed(
            &output,
            &["cannot write disk/out", "no space left on device"],
        );
        assert!(
            !String::from_utf8_lossy(&output.stderr).contains(".part"),
            "nothing is left"
        );
        let fixed = "mount -t tmpfs -o ro none disk && exec \"$0\" demo gzip noise -o disk/out";
        failed(
            &mounted(fixed, root),
            &["cannot write disk/out", "read-only"],
        );
    }

    /// Ends the process when the test fails.
    struct Running(Child);

    impl Running {
        fn said(&mut self) -> String {
            let mut said = String::new();
            self.0
                .stderr
                .take()
                .expect("piped")
                .read_to_string(&mut said)
                .expect("text");
            said
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            // It may have ended.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn an_interrupt_leaves_nothing() {
        for signal in ["INT", "TERM"] {
            let directory = directory();
            let root = directory.path();
            // Takes long enough, and no room on the disk.
            let file = fs::File::create(root.join("large")).expect("the input");
            file.set_len(2 << 30).expect("a large file");
            let child = gzip(root).arg("large").stderr(Stdio::piped()).spawn();
            let mut running = Running(child.expect("the harness starts"));

            let part = wait_for_part(root, &mut running);
            let kill = Command::new("kill")
                .args(["-s", signal, &running.0.id().to_string()])
                .status();
            assert!(kill.expect("kill starts").success());
            let status = running.0.wait().expect("it ends");
            assert_eq!(status.code(), Some(1));
            let said = running.said();
            assert!(said.contains("cannot write large.gz: "), "{said}");
            assert_eq!(names(root), ["large"], "{} was left", part.display());
        }
    }

    /// Waits until the unfinished output has its first bytes.
    fn wait_for_part(root: &Path, running: &mut Running) -> PathBuf {
        let start = Instant::now();
        loop {
            let entries = fs::read_dir(root).expect("the directory").flatten();
            let part = entries.map(|entry| entry.path()).find(|path| {
                path.extension() == Some(OsStr::new("part"))
                    && fs::metadata(path).is_ok_and(|data| data.len() > 0)
            });
            if let Some(status) = running.0.try_wait().expect("the state") {
                panic!("{status} before it was interrupted: {}", running.said());
            }
            if let Some(part) = part {
                return part;
            }
            // Long, because the guests may have to be built.
            assert!(
                start.elapsed() < Duration::from_secs(600),
                "the job does not start"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
