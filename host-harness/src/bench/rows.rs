//! What is timed.

use super::gzip;

/// What a guest is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Runtime {
    /// wit-async.
    Own,
    /// wit-bindgen 0.63.
    WitBindgen,
    /// Raw built-ins, without a runtime.
    Floor,
}

impl Runtime {
    /// All of them, in the order of a round.
    pub const ALL: [Runtime; 3] = [Runtime::Own, Runtime::WitBindgen, Runtime::Floor];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Runtime::Own => "wit-async",
            Runtime::WitBindgen => "wit-bindgen",
            Runtime::Floor => "floor",
        }
    }

    /// What the names of its packages begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Runtime::Own => "bench-own",
            Runtime::WitBindgen => "bench-v63",
            Runtime::Floor => "bench-floor",
        }
    }
}

/// Who is at the other side of what the runner imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A guest on the same runtime.
    Guest,
    /// The harness.
    Host,
    /// The harness, which gives way before each of its transfers.
    HostGivesWay,
}

/// How a row is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One call of an export, which does the work as often as it is told.
    Inside,
    /// As many calls of an export, each of which does it once.
    Calls,
    /// As many files, which three guests read, compress and write.
    Gzip,
    /// As many instantiations of the smallest guest.
    Instantiation,
    /// The size of the smallest guest: the same each time.
    Size,
    /// A build of the runtime itself.
    Build,
}

/// One benchmark.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What a figure is of.
    pub unit: &'static str,
    /// The interface of the export that does the work.
    pub interface: &'static str,
    /// That export.
    pub function: &'static str,
    /// What it is told beside how often.
    pub size: u32,
    /// How many times as often a figure is of as the export is told.
    pub per: u32,
    /// Who the other side is.
    pub peer: Peer,
    /// How it is measured.
    pub method: Method,
    /// Whether it can be done without a runtime.
    pub floor: bool,
    /// What it is one point of, and at which number.
    pub curve: Option<(&'static str, u32)>,
}

impl Row {
    fn new(
        name: impl Into<String>,
        unit: &'static str,
        interface: &'static str,
        function: &'static str,
    ) -> Row {
        Row {
            name: name.into(),
            unit,
            interface,
            function,
            size: 1,
            per: 1,
            peer: Peer::Guest,
            method: Method::Inside,
            floor: true,
            curve: None,
        }
    }

    /// Whether what is measured is done by a runner.
    pub fn runs_in_guests(&self) -> bool {
        matches!(self.method, Method::Inside | Method::Calls)
    }

    fn size(self, size: u32) -> Row {
        Row { size, ..self }
    }

    /// A figure is of an item, of which the export has `size` each time.
    fn each(self) -> Row {
        Row {
            per: self.size,
            ..self
        }
    }

    fn curve(self, curve: &'static str) -> Row {
        Row {
            curve: Some((curve, self.size)),
            ..self
        }
    }

    fn calls(self) -> Row {
        Row {
            method: Method::Calls,
            ..self
        }
    }

    fn by_host(self) -> Row {
        Row {
            peer: Peer::Host,
            ..self
        }
    }

    fn by_host_that_gives_way(self) -> Row {
        Row {
            peer: Peer::HostGivesWay,
            ..self
        }
    }

    fn without_floor(self) -> Row {
        Row {
            floor: false,
            ..self
        }
    }

    /// The runtimes that it is there for.
    pub fn runtimes(&self) -> impl Iterator<Item = Runtime> {
        let floor = self.floor;
        Runtime::ALL
            .into_iter()
            .filter(move |runtime| floor || *runtime != Runtime::Floor)
    }
}

const CALLS: &str = "test:bench/calls@0.1.0";
const STREAMS: &str = "test:bench/streams@0.1.0";
const ITEMS: &str = "test:bench/items@0.1.0";
const TASKS: &str = "test:bench/tasks@0.1.0";
const SPAWNS: &str = "test:bench/spawns@0.1.0";

const PER_CALL: &str = "ns/call";
const PER_CHUNK: &str = "ns/chunk";
const PER_ITEM: &str = "ns/item";
const PER_TURN: &str = "ns/turn";

/// All benchmarks.
pub fn rows() -> Vec<Row> {
    let mut rows = calls();
    rows.extend(chunks());
    rows.extend(batches());
    rows.extend(others());
    rows
}

fn calls() -> Vec<Row> {
    let call = |name: &str, function| Row::new(name, PER_CALL, CALLS, function);
    let mut rows = vec![
        call("import/ready", "ready"),
        call("import/ready/host", "ready").by_host(),
        call("import/yields", "yields"),
        call("import/yields/host", "yields").by_host(),
    ];
    for width in [1, 10, 100, 1_000, 10_000] {
        let name = format!("import/concurrent/{width}");
        let row = Row::new(name, PER_CALL, CALLS, "concurrent").size(width);
        rows.push(row.each().curve("concurrent pending imports"));
    }
    rows.extend([
        call("import/parameters/5", "five"),
        call("import/parameters/20", "twenty"),
        call("import/string/16", "text").size(16),
        call("import/string/4096", "text").size(4096),
        call("export/ready", "at-once").calls(),
        call("export/pending", "pending").calls(),
        call("future/u32", "take-number"),
        call("future/string", "take-text").size(16),
        call("future/read/ready", "give-number").by_host(),
        call("future/read/blocked", "give-number").by_host_that_gives_way(),
        call("future/write/ready", "take-later").by_host(),
        call("future/write/blocked", "take-later").by_host_that_gives_way(),
    ]);
    rows
}

fn chunks() -> Vec<Row> {
    let mut rows = Vec::new();
    for (way, function, host, curve) in [
        (
            "guest-guest",
            "bytes-out",
            false,
            "stream<u8>, guest to guest",
        ),
        // The reader has room for one chunk.
        (
            "in-step",
            "bytes-in-step",
            false,
            "stream<u8>, guest to guest, in step",
        ),
        ("guest-host", "bytes-out", true, "stream<u8>, guest to host"),
        ("host-guest", "bytes-in", true, "stream<u8>, host to guest"),
    ] {
        for chunk in [1, 64, 256, 4 << 10, 64 << 10, 1 << 20] {
            let name = format!("stream/u8/{way}/{chunk}");
            let row = Row::new(name, PER_CHUNK, STREAMS, function);
            let row = row.size(chunk).curve(curve);
            rows.push(if host { row.by_host() } else { row });
        }
    }
    for (name, function) in [("read", "bytes-in"), ("write", "bytes-out")] {
        let row = |path| {
            let name = format!("stream/{name}/{path}");
            Row::new(name, PER_ITEM, STREAMS, function)
        };
        rows.push(row("ready").by_host());
        rows.push(row("blocked").by_host_that_gives_way());
    }
    rows
}

fn batches() -> Vec<Row> {
    let mut rows = Vec::new();
    for (items, function) in [
        ("u32", "numbers"),
        ("record", "points"),
        ("string", "texts"),
        ("own", "tokens"),
    ] {
        for batch in [1, 64] {
            let name = format!("stream/{items}/{batch}");
            rows.push(
                Row::new(name, PER_ITEM, STREAMS, function)
                    .size(batch)
                    .each(),
            );
        }
    }
    rows
}

fn others() -> Vec<Row> {
    let item = |name: &str, function| {
        Row::new(name, PER_ITEM, ITEMS, function)
            .size(64 << 10)
            .each()
    };
    let spawn = |width: u32| {
        Row::new(format!("task/spawn/{width}"), "ns/task", SPAWNS, "spawn")
            .size(width)
            .each()
            .without_floor()
    };
    let minimal = |name: &str, unit, method| Row {
        method,
        ..Row::new(name, unit, "", "")
    };
    vec![
        item("item/next", "next"),
        item("item/into-stream", "into-stream"),
        item("item/into-stream/u32", "into-stream-numbers"),
        item("item/buffered", "buffered"),
        item("item/byte-reader", "byte-reader"),
        item("item/write-one", "write-one"),
        Row::new("read/cancel", "ns/read", ITEMS, "cancel").size(64),
        Row::new("task/yield", PER_TURN, TASKS, "yields"),
        Row::new("task/wake", PER_TURN, TASKS, "wake"),
        spawn(1),
        spawn(10_000),
        Row {
            method: Method::Gzip,
            per: gzip::BYTES,
            ..Row::new("gzip", "ns/byte", "", "").without_floor()
        },
        minimal("component/instantiation", "ns", Method::Instantiation),
        minimal("component/size", "bytes", Method::Size),
        minimal("crate/build", "ms", Method::Build).without_floor(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_tell_rows_from_each_other() {
        let rows = rows();
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names.len(), rows.len());
        assert!(rows.iter().all(|row| row.per > 0));
    }
}
