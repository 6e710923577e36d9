//! The heads of loops, where an orchestrator can be saved and resumed; for generated code.
//!
//! A lowered body calls [`resume`] to find out where to begin, and fetches its carried bindings
//! from the answer. At the head of each loop it calls [`checkpoint_due`] to find out whether to
//! save them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::pending;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::definition::SourcePlace;
use crate::machine::Cursor;
use crate::machine::SavedValue;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::record_in_use;

/// The head of a top-level loop of an orchestrator with checkpoints.
#[derive(Debug, Clone, Copy)]
pub struct LoopHead {
    number: u32,
    file: &'static str,
    line: u32,
    column: u32,
    carried: &'static [&'static str],
    kept: &'static [&'static str],
    after: Option<usize>,
}

impl LoopHead {
    /// Creates the head of loop `number`, where the bindings `carried` are saved, and those of
    /// `kept` that have a recorded form.
    pub const fn new(
        number: u32,
        place: (&'static str, u32, u32),
        carried: &'static [&'static str],
        kept: &'static [&'static str],
        after: Option<usize>,
    ) -> Self {
        let (file, line, column) = place;
        Self {
            number,
            file,
            line,
            column,
            carried,
            kept,
            after,
        }
    }

    fn place(&self) -> SourcePlace {
        SourcePlace(format!("{}:{}:{}", self.file, self.line, self.column))
    }
}

/// A value that a checkpoint can carry across the head of a loop. It is implemented for every type
/// that derives serde's two traits and owns its contents.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved in a checkpoint",
    label = "used in the loop or after it, so the checkpoint must save it",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the type; if it borrows, use \
            an owned value (`.clone()`, `.to_owned()`); otherwise create it inside the loop"
)]
pub trait CheckpointValue: Sized + Send {
    /// Records the value.
    ///
    /// # Errors
    /// [`CodecError`] if the value has no recorded form.
    fn save(&self) -> Result<Payload, CodecError>;

    /// Decodes a value.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded value is no such value.
    fn load(saved: &Payload) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send> CheckpointValue for T {
    fn save(&self) -> Result<Payload, CodecError> {
        record_in_use(self)
    }

    fn load(saved: &Payload) -> Result<Self, CodecError> {
        saved.decode()
    }
}

/// A carried binding, whose type must have a recorded form.
#[derive(Debug)]
pub struct Carried<'a, T>(&'a T);

/// Returns `value`, which must have a recorded form.
pub fn checkpoint_value<T: CheckpointValue>(value: &T) -> Carried<'_, T> {
    Carried(value)
}

/// The values of a checkpoint that is being taken.
#[derive(Debug)]
pub struct Saving {
    cursor: Cursor,
    head: &'static LoopHead,
    values: Vec<SavedValue>,
}

/// Passes `head`. If a checkpoint is due, returns where to put the values.
pub fn checkpoint_due(head: &'static LoopHead) -> Option<Saving> {
    let cursor = Cursor::current()?;
    cursor
        // The machine decides: it knows whether anything durable is open, which a checkpoint cannot
        // hold.
        .wants_checkpoint(head.number, head.after)
        .then(|| Saving {
            cursor,
            head,
            values: Vec::new(),
        })
}

impl Saving {
    /// Saves a carried binding.
    #[expect(clippy::needless_pass_by_value, reason = "the proof is used up")]
    pub fn carry<T: CheckpointValue>(&mut self, name: &'static str, value: Carried<'_, T>) {
        // An error is kept as well, and told when the checkpoint is taken, together with the place
        // of the loop.
        let value = value.0.save();
        // For replays that pass this head: the recorded value is compared in today's form, so that
        // a new default field is no difference.
        let reencode = |recorded: Option<&Payload>| match recorded {
            Some(recorded) => T::load(recorded)?.save().map(Some),
            None => Ok(None),
        };
        self.values.push(SavedValue {
            name,
            value,
            reencode,
        });
    }

    /// Takes the checkpoint.
    pub fn take(self) {
        let place = self.head.place();
        self.cursor
            .take_checkpoint(self.head.number, place, self.values);
    }
}

/// Where a body is to begin.
#[derive(Debug)]
pub struct Resumed(Option<Loading>);

#[derive(Debug)]
struct Loading {
    cursor: Cursor,
    head: u32,
    place: SourcePlace,
    values: BTreeMap<String, Payload>,
}

/// Returns where the body with these loops begins. It does not return if the body has no such loop
/// or carries other bindings there.
pub async fn resume(heads: &'static [LoopHead]) -> Resumed {
    let Some(cursor) = Cursor::current() else {
        return Resumed(None);
    };
    let Some(checkpoint) = cursor.take_resume() else {
        return Resumed(None);
    };
    let loading = Loading {
        cursor,
        head: checkpoint.head,
        place: checkpoint.site,
        values: checkpoint.values,
    };
    if let Some(report) = loading.unlike(heads) {
        loading.cursor.stall(report);
        // It stays here for ever. Going on from the beginning would make calls again that the
        // history has before its checkpoint.
        pending::<()>().await;
    }
    Resumed(Some(loading))
}

impl Loading {
    /// Why these values are not those of the loop.
    fn unlike(&self, heads: &[LoopHead]) -> Option<String> {
        let (number, place) = (self.head, &self.place);
        let Some(head) = heads.iter().find(|head| head.number == number) else {
            return Some(format!(
                "its checkpoint belongs to loop {number} ({place}), and today's code has no such loop{HELP}"
            ));
        };
        // A kept binding is saved only while it is there, so it may be missing and is still known.
        let is_known = |name: &str| head.carried.contains(&name) || head.kept.contains(&name);
        let missing = head
            .carried
            .iter()
            .filter(|name| !self.values.contains_key(**name));
        let missing: Vec<_> = missing.copied().collect();
        let extra = self.values.keys().filter(|name| !is_known(name));
        let extra: Vec<_> = extra.map(String::as_str).collect();
        if missing.is_empty() && extra.is_empty() {
            return None;
        }
        let mut report = format!(
            "its checkpoint of loop {number} ({place}) does not hold the bindings of today's code ({})",
            head.place()
        );
        // Writing to a `String` cannot fail.
        if !missing.is_empty() {
            let _ = write!(report, "\nmissing in the checkpoint: {}", quoted(&missing));
        }
        if !extra.is_empty() {
            let _ = write!(report, "\nno longer carried: {}", quoted(&extra));
        }
        report.push_str(HELP);
        Some(report)
    }
}

const HELP: &str = "\nhelp: run the code that recorded it, or give the orchestrator a new version";

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl Resumed {
    /// Returns whether the body jumps to the head of loop `number`.
    pub fn is_at(&self, number: u32) -> bool {
        self.0
            .as_ref()
            .is_some_and(|loading| loading.head == number)
    }

    /// Returns the saved value of a carried binding. It does not return if there is none, or if the
    /// value does not decode.
    pub async fn load<T: CheckpointValue>(&mut self, name: &'static str) -> T {
        match self.try_load(name) {
            Some(value) => value,
            None => pending().await,
        }
    }

    fn try_load<T: CheckpointValue>(&mut self, name: &str) -> Option<T> {
        let loading = self.0.as_mut()?;
        // Removed, since each is fetched once; what is left needs no memory.
        let saved = loading.values.remove(name);
        let loaded = saved.as_ref().map(T::load);
        let (number, place) = (loading.head, &loading.place);
        match loaded {
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => {
                loading.cursor.stall(format!(
                    "`{name}` of its checkpoint of loop {number} ({place}) cannot be read: {error}{HELP}"
                ));
                None
            }
            None => {
                let report = format!(
                    "its checkpoint of loop {number} ({place}) has no value for `{name}`{HELP}"
                );
                loading.cursor.stall(report);
                None
            }
        }
    }
}

/// A binding that is no longer used but still alive. Its end must come where the source has it, so
/// it is saved if possible. A binding that has nothing to drop (a reference, a number) is left out.
///
/// Its type decides which of the three applies: generated code calls the methods of the traits
/// below through two references, and the compiler takes the first that fits.
#[derive(Debug)]
pub struct Kept<T>(pub Option<T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// Keeps bindings that can be saved.
pub trait KeepSaved<T> {
    /// Saves the binding.
    fn keep(&self, name: &'static str, saving: &mut Saving);
    /// Decodes it.
    fn fetch(&self, name: &'static str, resumed: &mut Resumed) -> Kept<T>;
}

/// Leaves out bindings that have nothing to drop.
pub trait KeepNothing<T> {
    /// Does nothing.
    fn keep(&self, _name: &'static str, _saving: &mut Saving) {}
    /// Nothing was saved.
    fn fetch(&self, _name: &'static str, _resumed: &mut Resumed) -> Kept<T> {
        Kept(None)
    }
}

/// Refuses bindings that have something to drop and cannot be saved.
pub trait KeepRefused<T> {
    /// Refuses.
    fn keep(&self, name: &'static str, saving: &mut Saving)
    where
        T: EndsBeforeLoop;
    /// Refuses.
    fn fetch(&self, name: &'static str, resumed: &mut Resumed) -> Kept<T>
    where
        T: EndsBeforeLoop;
}

/// A type that may live across the head of a loop unsaved: it has nothing to drop.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved in a checkpoint, but is still alive in the loop",
    label = "not used any more, but not dropped until the function ends",
    note = "call `drop(…)` before the loop, or use the value in a block that ends before the \
            loop; or derive `serde::Serialize` and `serde::Deserialize` for its type"
)]
pub trait EndsBeforeLoop {}

impl<T: CheckpointValue> KeepSaved<T> for &&Kept<T> {
    fn keep(&self, name: &'static str, saving: &mut Saving) {
        if let Some(value) = &self.0 {
            saving.carry(name, Carried(value));
        }
    }

    fn fetch(&self, name: &'static str, resumed: &mut Resumed) -> Kept<T> {
        // Absent where it had been moved out of before the loop: then there is nothing to drop
        // either.
        let saved = resumed
            .0
            .as_ref()
            .is_some_and(|l| l.values.contains_key(name));
        Kept(saved.then(|| resumed.try_load(name)).flatten())
    }
}

impl<T: Copy> KeepNothing<T> for &Kept<T> {}

impl<T> KeepRefused<T> for Kept<T> {
    fn keep(&self, _name: &'static str, _saving: &mut Saving)
    where
        T: EndsBeforeLoop,
    {
    }

    fn fetch(&self, _name: &'static str, _resumed: &mut Resumed) -> Kept<T>
    where
        T: EndsBeforeLoop,
    {
        Kept(None)
    }
}

/// The elements that a `for` loop still has to go through.
#[derive(Debug, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Items<T>(std::collections::VecDeque<T>);

/// Evaluates all of `items` now. It stalls if they have no end.
pub fn sequence<I: IntoIterator>(items: I) -> Items<I::Item> {
    let items = items.into_iter();
    // `repeat`, `cycle` and open ranges say so. Collecting them would take all memory.
    if items.size_hint().0 == usize::MAX {
        if let Some(cursor) = Cursor::current() {
            cursor.stall(
                "a `for` loop goes through a sequence without an end, which a checkpoint cannot \
                 hold\nhelp: write the range in the `for` itself, or count in a `loop`"
                    .to_owned(),
            );
        }
        return Items(std::collections::VecDeque::new());
    }
    Items(items.collect())
}

impl<T> Items<T> {
    /// Returns the next one.
    #[expect(clippy::should_implement_trait, reason = "a method needs no import")]
    pub fn next(&mut self) -> Option<T> {
        self.0.pop_front()
    }
}

/// A range that a `for` loop goes through, and its current position.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct RangeItems<R> {
    range: R,
    position: usize,
}

/// Returns a range, from its beginning.
pub fn range<R: Iterator>(range: R) -> RangeItems<R> {
    RangeItems { range, position: 0 }
}

impl<R: Iterator + Clone> RangeItems<R> {
    /// Returns the next one.
    #[expect(clippy::should_implement_trait, reason = "a method needs no import")]
    pub fn next(&mut self) -> Option<R::Item> {
        // From a copy and a position: serde writes a `RangeInclusive` that has come to its end like
        // one that has not.
        let next = self.range.clone().nth(self.position);
        self.position += usize::from(next.is_some());
        next
    }
}
