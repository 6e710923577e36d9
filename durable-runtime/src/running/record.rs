//! A record that is being written.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::place::Medium;
use super::place::Place;
use super::slot::Computation;
use super::slot::Mark;
use super::slot::SLOT;
use super::slot::Slot;
use super::slot::Suspicion;
use crate::mutants::Mutant;
use crate::mutants::mutant;

/// What a record begins with: the form of what follows.
const HEAD: &[u8] = b"durable-runtime, being computed, form 1\n";

/// The record that the previous worker has left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What was being computed when its process died; empty if it did not die.
    pub marks: Vec<Mark>,
    /// What it knew of earlier deaths.
    pub suspicions: Vec<Suspicion>,
}

impl Found {
    /// Reads the record at a place; a record that cannot be read counts as empty.
    pub fn at(place: &Place) -> Self {
        let bytes = match place.read() {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    ?place,
                    error,
                    "failed to read what the last process computed"
                );
                return Self::default();
            }
        };
        if bytes.is_empty() {
            return Self::default();
        }
        // The head names the form, so a record of a later one is left unread, and costs a warning.
        if !bytes.starts_with(HEAD) || bytes.len() < SLOT {
            tracing::warn!(?place, "this is no record of what a process computed");
            return Self::default();
        }
        let mut found = Self::default();
        let mut torn = 0_u32;
        for bytes in bytes[SLOT..].chunks(SLOT) {
            match Slot::decode(bytes) {
                Slot::Free => {}
                Slot::Mark(mark) => found.marks.push(mark),
                Slot::Suspicion(suspicion) => found.suspicions.push(suspicion),
                Slot::Torn => torn += 1,
            }
        }
        if torn > 0 {
            tracing::warn!(?place, torn, "slots of the record are torn");
        }
        found
    }
}

/// The record of what this worker is computing. By default it records nothing.
#[derive(Debug, Clone, Default)]
pub struct Running(Option<Arc<Record>>);

#[derive(Debug)]
struct Record {
    medium: Medium,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    uses: Vec<Use>,
    free: Vec<usize>,
    /// Slots that say what is over already; the next that begins is written over it.
    stale: Vec<usize>,
    kept: HashMap<Computation, usize>,
    is_closed: bool,
    has_failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Free,
    /// It says what is, or was, being computed.
    Mark,
    Suspicion,
}

impl Running {
    /// Begins a record with `suspicions`, and replaces the existing one. If that fails, nothing is
    /// recorded.
    pub fn begin_at(place: &Place, suspicions: &[Suspicion]) -> Self {
        let mut bytes = vec![0; SLOT];
        bytes[..HEAD.len()].copy_from_slice(HEAD);
        for suspicion in suspicions {
            bytes.extend_from_slice(&suspicion.encode());
        }
        let medium = match place.replace(&bytes) {
            Ok(medium) => medium,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(?place, error, "what is computed here cannot be recorded");
                None
            }
        };
        let kept = suspicions.iter().enumerate();
        let slots = Slots {
            uses: vec![Use::Suspicion; suspicions.len()],
            kept: kept.map(|(at, suspicion)| (suspicion.of, at)).collect(),
            ..Slots::default()
        };
        let slots = Mutex::new(slots);
        Self(medium.map(|medium| Arc::new(Record { medium, slots })))
    }

    /// Records that something begins. When you drop the returned value, its end is recorded.
    pub fn begin(&self, mark: Mark) -> Begun {
        let Some(record) = &self.0 else {
            return Begun(None);
        };
        let mut slots = record.slots();
        // Over one that is over, where there is one: a turn then costs one write and not two.
        let slot = slots.stale.pop().unwrap_or_else(|| slots.take(Use::Mark));
        record.write(&mut slots, slot, &mark.encode());
        drop(slots);
        // Turns and operations follow one another at once: the next takes the slot, or `settle`
        // empties it. Attempts do not, and one that is over must not be blamed for what comes.
        let lasts = matches!(mark.of, Computation::Attempt { .. });
        Begun(Some((Arc::clone(record), slot, lasts)))
    }

    /// Empties the slots of turns and operations that have ended.
    pub fn settle(&self) {
        if let Some(record) = &self.0 {
            let mut slots = record.slots();
            while let Some(slot) = slots.stale.pop() {
                record.empty(&mut slots, slot);
            }
        }
    }

    /// Records a suspicion for the next process.
    pub fn suspect(&self, suspicion: &Suspicion) {
        if let Some(record) = &self.0 {
            let mut slots = record.slots();
            let slot = match slots.kept.get(&suspicion.of) {
                Some(slot) => *slot,
                None => slots.take(Use::Suspicion),
            };
            slots.kept.insert(suspicion.of, slot);
            record.write(&mut slots, slot, &suspicion.encode());
        }
    }

    /// Removes a suspicion.
    pub fn acquit(&self, of: &Computation) {
        if let Some(record) = &self.0 {
            let mut slots = record.slots();
            if let Some(slot) = slots.kept.remove(of) {
                record.empty(&mut slots, slot);
            }
        }
    }

    /// Ends the record in an orderly way: it says that nothing was being computed, even if
    /// something still runs.
    pub fn close(&self) {
        if let Some(record) = &self.0 {
            let mut slots = record.slots();
            for slot in 0..slots.uses.len() {
                // The suspicions stay: an orderly end says nothing about them.
                if slots.uses[slot] == Use::Mark && !mutant(Mutant::StopLeavesRecord) {
                    record.empty(&mut slots, slot);
                }
            }
            // What ends after this writes nothing: its slot would look like one of the next
            // process.
            slots.is_closed = true;
        }
    }

    /// Leaves the record as it is: the process counts as dead, even if something still runs.
    pub fn abandon(&self) {
        if let Some(record) = &self.0 {
            record.slots().is_closed = true;
        }
    }
}

impl Record {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn empty(&self, slots: &mut Slots, slot: usize) {
        self.write(slots, slot, &[0; SLOT]);
        slots.uses[slot] = Use::Free;
        slots.free.push(slot);
    }

    /// The lock is held meanwhile, so that nothing is written once the record is closed.
    fn write(&self, slots: &mut Slots, slot: usize, bytes: &[u8; SLOT]) {
        if slots.is_closed {
            return;
        }
        // The first slot's place has the head.
        let written = self.medium.write_at(SLOT * (slot + 1), bytes);
        if let Err(error) = written {
            slots.failed(&error);
        }
    }
}

impl Slots {
    fn take(&mut self, to: Use) -> usize {
        let slot = self.free.pop().unwrap_or(self.uses.len());
        if slot == self.uses.len() {
            self.uses.push(to);
        }
        self.uses[slot] = to;
        slot
    }

    /// Says so once: without the record no death is counted, and everything else goes on.
    fn failed(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.has_failed, true) {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, "what is computed here cannot be recorded");
        }
    }
}

/// Something that has begun. Dropping it records its end.
#[must_use]
#[derive(Debug)]
pub struct Begun(Option<(Arc<Record>, usize, bool)>);

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some((record, slot, lasts)) = self.0.take() {
            let mut slots = record.slots();
            if lasts && mutant(Mutant::OverIsNotRecorded) {
                return;
            }
            if lasts {
                record.empty(&mut slots, slot);
            } else {
                slots.stale.push(slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Found;
    use super::Running;
    use crate::clock::Timestamp;
    use crate::ids::CallPath;
    use crate::ids::Execution;
    use crate::ids::InstanceKey;
    use crate::ids::MessageId;
    use crate::running::Computation;
    use crate::running::Mark;
    use crate::running::Place;
    use crate::running::Suspicion;

    fn turn(key: i64) -> Mark {
        let (key, execution) = (InstanceKey(key), Execution(2));
        let of = Computation::Turn { key, execution };
        Mark { of, number: 7 }
    }

    fn attempt(key: i64) -> Mark {
        let path: CallPath = "0.4294967295.17".parse().unwrap();
        let of = Computation::attempt(InstanceKey(key), Execution::FIRST, &path);
        Mark { of, number: 1 }
    }

    fn operation(key: i64) -> Mark {
        let (key, message) = (InstanceKey(key), MessageId(i64::MAX));
        let of = Computation::Operation { key, message };
        Mark { of, number: 1 }
    }

    fn suspicion(mark: Mark) -> Suspicion {
        let mut suspicion = Suspicion::new(mark.of);
        for at in [3, 4] {
            suspicion.died(mark.number, Timestamp::from_millis(at));
        }
        (suspicion.alone, suspicion.controlled) = (true, true);
        (suspicion.survived, suspicion.cleared) = (2, 255);
        suspicion
    }

    fn sorted(mut marks: Vec<Mark>) -> Vec<Mark> {
        marks.sort_by_key(|mark| mark.of);
        marks
    }

    fn file() -> (tempfile::TempDir, std::path::PathBuf, Place) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db-main.running");
        let place = Place::file(&path);
        (folder, path, place)
    }

    #[test]
    fn the_next_process_finds_what_had_begun_and_was_not_over() {
        let (_folder, _, on_disk) = file();
        for place in [on_disk, Place::memory()] {
            let running = Running::begin_at(&place, &[suspicion(turn(1))]);
            let begun = [turn(2), attempt(3), operation(-4), attempt(5)];
            let mut begun: Vec<_> = begun.iter().map(|mark| running.begin(*mark)).collect();
            drop(begun.pop());
            let found = Found::at(&place);
            let expected = [turn(2), attempt(3), operation(-4)].to_vec();
            assert_eq!(sorted(found.marks), sorted(expected));
            assert_eq!(found.suspicions, [suspicion(turn(1))]);
        }
    }

    #[test]
    fn a_turn_that_is_over_is_overwritten_by_the_next_one_or_emptied() {
        let place = Place::memory();
        let running = Running::begin_at(&place, &[]);
        drop(running.begin(turn(1)));
        let next = running.begin(turn(2));
        assert_eq!(Found::at(&place).marks, [turn(2)]);
        drop(next);
        running.settle();
        assert_eq!(Found::at(&place), Found::default());
    }

    #[test]
    fn suspicions_are_added_changed_and_dropped() {
        let place = Place::memory();
        let running = Running::begin_at(&place, &[suspicion(turn(1)), suspicion(attempt(2))]);
        let mut changed = suspicion(turn(1));
        changed.died(8, Timestamp::from_millis(5));
        running.suspect(&changed);
        running.acquit(&attempt(2).of);
        running.suspect(&suspicion(operation(-3)));
        let found = Found::at(&place);
        assert_eq!(found.suspicions, [changed, suspicion(operation(-3))]);
    }

    #[test]
    fn an_end_in_order_leaves_nothing_under_way_and_a_death_leaves_all() {
        let (closed, abandoned) = (Place::memory(), Place::memory());
        for place in [&closed, &abandoned] {
            let running = Running::begin_at(place, &[suspicion(turn(1))]);
            let begun = running.begin(attempt(2));
            if std::ptr::eq(place, &raw const closed) {
                running.close();
            } else {
                running.abandon();
            }
            drop(begun);
            drop(running.begin(attempt(3)));
        }
        assert_eq!(Found::at(&closed).marks, []);
        assert_eq!(Found::at(&closed).suspicions, [suspicion(turn(1))]);
        assert_eq!(Found::at(&abandoned).marks, [attempt(2)]);
    }

    #[test]
    fn what_is_torn_foreign_or_no_file_is_left_unread() {
        let (folder, path, place) = file();
        let running = Running::begin_at(&place, &[suspicion(turn(1))]);
        let begun = (running.begin(attempt(2)), running.begin(attempt(3)));
        let mut bytes = std::fs::read(&path).unwrap();
        let torn = bytes.len() - 100;
        bytes[torn] ^= 1;
        bytes.truncate(bytes.len() - 10);
        std::fs::write(&path, &bytes).unwrap();
        let found = Found::at(&place);
        assert_eq!(found.suspicions, [suspicion(turn(1))]);
        assert_eq!(found.marks, []);
        for foreign in [&b"garbage"[..], &[0; 1_000], &[0xff; 64], b""] {
            std::fs::write(&path, foreign).unwrap();
            assert_eq!(Found::at(&place), Found::default());
        }
        let folder_in_its_place = Place::file(folder.path());
        assert_eq!(Found::at(&folder_in_its_place), Found::default());
        let running = Running::begin_at(&folder_in_its_place, &[]);
        drop(running.begin(attempt(2)));
        drop(begun);
    }
}
