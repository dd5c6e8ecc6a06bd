//! What an operation costs, exactly: its host calls and heap allocations in steady state.
//!
//! Two tests hold these against what they count: `native.rs`, on the host of the native
//! tests, and `host-harness/tests/exact.rs`, on wasm.

/// What one operation costs.
pub struct Figure {
    /// Which one.
    pub operation: &'static str,
    /// Whether it has to wait.
    pub path: Path,
    /// The built-ins that are called, by their names in the specification, and how often.
    pub calls: &'static [(&'static str, u32)],
    /// How often something is allocated.
    pub allocations: u32,
    /// How often the host calls the task back.
    pub deliveries: u32,
    /// The benchmark whose runner does it,
    pub row: &'static str,
    /// and what that calls besides, because bindings do.
    pub besides: &'static [(&'static str, u32)],
}

/// Whether an operation has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// It is over at once.
    Ready,
    /// It is not, and the host tells when it is.
    Blocked,
    /// It is not, and is cancelled.
    Cancelled,
}

/// A future comes or goes through a call, which returns at once.
const HANDED_OVER: &[(&str, u32)] = &[("import", 1)];

/// Bindings return from an export.
const RETURNED: &[(&str, u32)] = &[("task.return", 1)];

/// All of them. An end that waits has joined the set of its task, and stays: the end of a
/// stream joins once, whatever goes through it. That of a future is there for one
/// operation, so the join is one of its calls, as are those that make it and drop it. The
/// other end is handed over, which is no call.
pub const FIGURES: &[Figure] = &[
    Figure {
        operation: "stream.read",
        path: Path::Ready,
        calls: &[("stream.read", 1)],
        allocations: 0,
        deliveries: 0,
        row: "stream/read/ready",
        besides: &[],
    },
    Figure {
        operation: "stream.read",
        path: Path::Blocked,
        calls: &[("stream.read", 1)],
        allocations: 0,
        deliveries: 1,
        row: "stream/read/blocked",
        besides: &[],
    },
    // Without the joins it could not be cancelled, or not be waited for.
    Figure {
        operation: "stream.read",
        path: Path::Cancelled,
        calls: &[
            ("stream.cancel-read", 1),
            ("stream.read", 1),
            ("waitable.join", 2),
        ],
        allocations: 0,
        deliveries: 0,
        row: "read/cancel",
        besides: &[],
    },
    Figure {
        operation: "stream.write",
        path: Path::Ready,
        calls: &[("stream.write", 1)],
        allocations: 0,
        deliveries: 0,
        row: "stream/write/ready",
        besides: &[],
    },
    Figure {
        operation: "stream.write",
        path: Path::Blocked,
        calls: &[("stream.write", 1)],
        allocations: 0,
        deliveries: 1,
        row: "stream/write/blocked",
        besides: &[],
    },
    Figure {
        operation: "future.read",
        path: Path::Ready,
        calls: &[("future.drop-readable", 1), ("future.read", 1)],
        allocations: 0,
        deliveries: 0,
        row: "future/read/ready",
        besides: HANDED_OVER,
    },
    Figure {
        operation: "future.read",
        path: Path::Blocked,
        calls: &[
            ("future.drop-readable", 1),
            ("future.read", 1),
            ("waitable.join", 1),
        ],
        allocations: 0,
        deliveries: 1,
        row: "future/read/blocked",
        besides: HANDED_OVER,
    },
    Figure {
        operation: "future.write",
        path: Path::Ready,
        calls: &[
            ("future.drop-writable", 1),
            ("future.new", 1),
            ("future.write", 1),
        ],
        allocations: 0,
        deliveries: 0,
        row: "future/write/ready",
        besides: HANDED_OVER,
    },
    Figure {
        operation: "future.write",
        path: Path::Blocked,
        calls: &[
            ("future.drop-writable", 1),
            ("future.new", 1),
            ("future.write", 1),
            ("waitable.join", 1),
        ],
        allocations: 0,
        deliveries: 1,
        row: "future/write/blocked",
        besides: HANDED_OVER,
    },
    Figure {
        operation: "import",
        path: Path::Ready,
        calls: &[("import", 1)],
        allocations: 0,
        deliveries: 0,
        row: "import/ready/host",
        besides: &[],
    },
    Figure {
        operation: "import",
        path: Path::Blocked,
        calls: &[("import", 1), ("subtask.drop", 1), ("waitable.join", 1)],
        allocations: 0,
        deliveries: 1,
        row: "import/yields/host",
        besides: &[],
    },
    // What a task is: its future, its state, and what wakers share.
    Figure {
        operation: "export",
        path: Path::Ready,
        calls: &[],
        allocations: 3,
        deliveries: 0,
        row: "export/ready",
        besides: RETURNED,
    },
    Figure {
        operation: "export",
        path: Path::Blocked,
        calls: &[],
        allocations: 3,
        deliveries: 1,
        row: "export/pending",
        besides: RETURNED,
    },
];
