//! Where all decisions of a run come from, those of the guests and those of the
//! host: one sequence of small numbers.
//!
//! A seed stands for a sequence. A sequence can be replayed, made smaller, or
//! counted through: running a program, making its failure small, and looking at
//! all schedules of a small program are the same thing with another source.
//!
//! 0 is the choice that leads to the end soonest, wherever there is one.

/// What is kept of a decision that was not the host's to take any more: the first
/// choice, and nothing else to choose.
const CUT: (u32, u32) = (0, 0);

/// Whether a decision was cut off.
pub fn is_cut(taken: &[(u32, u32)]) -> bool {
    taken.contains(&CUT)
}

/// The decisions of one run.
#[derive(Debug)]
pub struct Choices {
    source: Source,
    /// What was chosen, and among how many, if somebody wants to know.
    taken: Option<Vec<(u32, u32)>>,
    /// Bytes of the sequence that was given.
    bytes: usize,
}

#[derive(Debug)]
enum Source {
    /// splitmix64.
    Seed(u64),
    /// The rest is zeros.
    Given(std::vec::IntoIter<u32>),
    /// The same, and as if there were always more. The host has a number of decisions
    /// left; after them it does the first thing that it can do.
    Counted(std::vec::IntoIter<u32>, usize),
}

impl Choices {
    /// The sequence that a seed stands for.
    pub fn of_seed(seed: u64) -> Choices {
        Choices {
            source: Source::Seed(seed),
            taken: None,
            bytes: 0,
        }
    }

    /// A sequence, with zeros behind it.
    pub fn given(sequence: Vec<u32>) -> Choices {
        Choices {
            bytes: sequence.capacity() * size_of::<u32>(),
            source: Source::Given(sequence.into_iter()),
            taken: None,
        }
    }

    /// One of many sequences that are counted through; it keeps what is chosen. All that
    /// guests choose counts, and of what the host decides the first `bound`.
    pub fn counted(sequence: Vec<u32>, bound: usize) -> Choices {
        Choices {
            bytes: sequence.capacity() * size_of::<u32>(),
            source: Source::Counted(sequence.into_iter(), bound),
            taken: Some(Vec::new()),
        }
    }

    /// The same, and keeps what is chosen.
    pub fn kept(mut self) -> Choices {
        self.taken = Some(Vec::new());
        self
    }

    /// How many bytes of memory it came with.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What was chosen, and among how many.
    pub fn taken(self) -> Vec<(u32, u32)> {
        self.taken.unwrap_or_default()
    }

    /// Whether only zeros come.
    pub fn is_exhausted(&self) -> bool {
        match &self.source {
            Source::Seed(_) => false,
            Source::Given(sequence) => sequence.len() == 0,
            Source::Counted(..) => false,
        }
    }

    /// Decides for the host, as [`Choices::pick`] chooses for a guest.
    pub fn decide(&mut self, among: u32) -> u32 {
        if among > 1
            && let Source::Counted(sequence, left) = &mut self.source
        {
            if *left == 0 {
                sequence.next();
                if let Some(taken) = &mut self.taken {
                    taken.push(CUT);
                }
                return 0;
            }
            *left -= 1;
        }
        self.pick(among)
    }

    /// Picks a number below `among`.
    pub fn pick(&mut self, among: u32) -> u32 {
        match (&mut self.source, &self.taken) {
            _ if among <= 1 => 0,
            (Source::Seed(state), None) => next(state) % among,
            _ => self.pick_and_keep(among),
        }
    }

    #[cold]
    fn pick_and_keep(&mut self, among: u32) -> u32 {
        let choice = match &mut self.source {
            Source::Seed(state) => next(state) % among,
            Source::Given(sequence) | Source::Counted(sequence, _) => {
                sequence.next().unwrap_or(0).min(among - 1)
            }
        };
        if let Some(taken) = &mut self.taken {
            taken.push((choice, among));
        }
        choice
    }
}

/// splitmix64
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 32) as u32
}

/// The sequence after this one, when the last decision that can be taken
/// otherwise is. None when all were seen.
pub fn next_sequence(mut taken: Vec<(u32, u32)>) -> Option<Vec<u32>> {
    while let Some((choice, among)) = taken.pop() {
        if choice + 1 < among {
            let mut sequence: Vec<u32> = taken.into_iter().map(|(choice, _)| choice).collect();
            sequence.push(choice + 1);
            return Some(sequence);
        }
    }
    None
}
