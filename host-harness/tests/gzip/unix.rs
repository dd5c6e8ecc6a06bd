//! Links, permissions, devices, disks without room, signals.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::*;

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
        .args(["-c", "ulimit -f 4096; exec \"$0\" demo gzip noise"])
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
