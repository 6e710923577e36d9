//! The content of a slot of the record, and its form: words of eight bytes, the first a checksum.

use crate::clock::Timestamp;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::ids::MessageId;

/// How many bytes a slot takes: no slot lies across two pages of memory.
pub(super) const SLOT: usize = 64;

const WORDS: usize = SLOT / 8;

/// How many times of deaths are kept.
const TIMES: usize = 3;

/// A computation that may kill its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Computation {
    /// A turn of an instance, or the replay of its history.
    Turn {
        /// The instance.
        key: InstanceKey,
        /// Its execution.
        execution: Execution,
    },
    /// An operation of an entity.
    Operation {
        /// The entity.
        key: InstanceKey,
        /// The message with the operation.
        message: MessageId,
    },
    /// An attempt of an activity.
    Attempt {
        /// The instance.
        key: InstanceKey,
        /// Its execution.
        execution: Execution,
        /// A hash of the call's path, because the path may be long.
        call: u64,
    },
}

impl Computation {
    /// Returns an attempt of a call.
    pub fn attempt(key: InstanceKey, execution: Execution, path: &CallPath) -> Self {
        let numbers = path.numbers().iter();
        let call = hash(numbers.map(|number| u64::from(*number)));
        Self::Attempt {
            key,
            execution,
            call,
        }
    }

    /// Returns the instance or the entity.
    pub fn key(&self) -> InstanceKey {
        match self {
            Self::Turn { key, .. } | Self::Operation { key, .. } | Self::Attempt { key, .. } => {
                *key
            }
        }
    }
}

/// A running computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The computation.
    pub of: Computation,
    /// The number of the turn or of the attempt.
    pub number: u64,
}

/// A computation during which processes died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// The computation.
    pub of: Computation,
    /// The number of the turn or of the attempt at the last death.
    pub number: u64,
    /// How many processes died during it, since the last sign that it is harmless.
    pub deaths: u8,
    /// How many of these deaths it caused, as far as that is known.
    pub proven: u8,
    /// Whether nothing else was being computed at the last death.
    pub alone: bool,
    /// Whether the others have survived for a while without it since then.
    pub controlled: bool,
    /// How often it has run for so long that it was taken for harmless.
    pub survived: u8,
    /// How often it was suspected of several deaths, and the next death happened without it.
    pub cleared: u8,
    /// When the last of those deaths were noticed, the latest last.
    pub times: [Timestamp; TIMES],
}

impl Suspicion {
    /// Creates a suspicion of a computation that was not suspected before.
    pub fn new(of: Computation) -> Self {
        Self {
            of,
            number: 0,
            deaths: 0,
            proven: 0,
            alone: false,
            controlled: false,
            survived: 0,
            cleared: 0,
            times: [Timestamp::from_millis(0); TIMES],
        }
    }

    /// Counts a death.
    pub fn died(&mut self, number: u64, at: Timestamp) {
        self.number = number;
        self.deaths = self.deaths.saturating_add(1);
        self.times.rotate_left(1);
        self.times[TIMES - 1] = at;
    }

    /// Returns when the last deaths were noticed.
    pub fn last_times(&self) -> &[Timestamp] {
        &self.times[TIMES - usize::from(self.deaths).min(TIMES)..]
    }
}

/// What a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Free,
    Mark(Mark),
    Suspicion(Suspicion),
    /// It is not whole, or not a slot.
    Torn,
}

const TURN: u8 = 1;
const OPERATION: u8 = 2;
const ATTEMPT: u8 = 3;
/// Added to the kind of computation.
const SUSPECTED: u8 = 16;
const CONTROLLED: u8 = 32;
const ALONE: u8 = 64;
const KIND: u8 = SUSPECTED - 1;

impl Mark {
    pub(super) fn encode(&self) -> [u8; SLOT] {
        encode(
            0,
            &Suspicion {
                number: self.number,
                ..Suspicion::new(self.of)
            },
        )
    }
}

impl Suspicion {
    pub(super) fn encode(&self) -> [u8; SLOT] {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.controlled, CONTROLLED) + flag(self.alone, ALONE);
        encode(SUSPECTED + flags, self)
    }
}

fn encode(added: u8, of: &Suspicion) -> [u8; SLOT] {
    // A message has one receiver for all its executions, so the operation needs none.
    let no_execution = Execution(0);
    let (kind, key, execution, call) = match of.of {
        Computation::Turn { key, execution } => (TURN, key, execution, [0; 8]),
        Computation::Operation { key, message } => {
            (OPERATION, key, no_execution, message.0.to_le_bytes())
        }
        Computation::Attempt {
            key,
            execution,
            call,
        } => (ATTEMPT, key, execution, call.to_le_bytes()),
    };
    let [a, b, c, d] = execution.0.to_le_bytes();
    let mut number = of.number.to_le_bytes();
    // No number of a turn comes so far.
    number[7] = of.cleared;
    let mut bytes = [0; SLOT];
    let words = [
        [kind + added, of.deaths, of.proven, of.survived, a, b, c, d],
        key.0.to_le_bytes(),
        call,
        number,
        of.times[0].as_millis().to_le_bytes(),
        of.times[1].as_millis().to_le_bytes(),
        of.times[2].as_millis().to_le_bytes(),
    ];
    for (to, word) in bytes[8..].chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word);
    }
    let sum = checksum(&bytes);
    bytes[..8].copy_from_slice(&sum.to_le_bytes());
    bytes
}

impl Slot {
    pub(super) fn decode(bytes: &[u8]) -> Self {
        // Before the checksum: an empty slot is all zeros, and so is what a file has behind its
        // end.
        if bytes.iter().all(|byte| *byte == 0) {
            return Self::Free;
        }
        if bytes.len() < SLOT || word(bytes, 0) != checksum(bytes).to_le_bytes() {
            return Self::Torn;
        }
        let [kind, deaths, proven, survived, a, b, c, d] = word(bytes, 1);
        let execution = Execution(u32::from_le_bytes([a, b, c, d]));
        let (key, call) = (
            InstanceKey(i64::from_le_bytes(word(bytes, 2))),
            word(bytes, 3),
        );
        let of = match kind & KIND {
            TURN => Computation::Turn { key, execution },
            OPERATION => Computation::Operation {
                key,
                message: MessageId(i64::from_le_bytes(call)),
            },
            ATTEMPT => Computation::Attempt {
                key,
                execution,
                call: u64::from_le_bytes(call),
            },
            // A kind that this version does not know is left alone like one that is not whole.
            _ => return Self::Torn,
        };
        let mut number = word(bytes, 4);
        let cleared = std::mem::take(&mut number[7]);
        let number = u64::from_le_bytes(number);
        if kind & SUSPECTED == 0 {
            return Self::Mark(Mark { of, number });
        }
        let time = |at| Timestamp::from_millis(i64::from_le_bytes(word(bytes, at)));
        Self::Suspicion(Suspicion {
            of,
            number,
            deaths,
            proven,
            alone: kind & ALONE != 0,
            controlled: kind & CONTROLLED != 0,
            survived,
            cleared,
            times: [time(5), time(6), time(7)],
        })
    }
}

/// The word at `at`, which is there.
fn word(bytes: &[u8], at: usize) -> [u8; 8] {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[8 * at..8 * at + 8]);
    word
}

fn checksum(bytes: &[u8]) -> u64 {
    hash((1..WORDS).map(|at| u64::from_le_bytes(word(bytes, at))))
}

/// FNV-1a by words, the halves of each mixed: bytes would take eight times as long.
fn hash(words: impl Iterator<Item = u64>) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    words.fold(OFFSET, |hash, word| {
        (hash ^ word).wrapping_mul(PRIME).rotate_left(32)
    })
}
