//! Attempts that wait for room, and whose turn it is.
//!
//! 1. Room goes round by orchestrator, and among the instances of an orchestrator by instance: who
//!    came first is first, and who has had a turn stands behind all who wait. So nobody waits for
//!    all that another has open.
//! 2. The attempts of an instance begin in the order in which they came.
//! 3. An activity that has no room keeps nobody waiting but its own attempts; their turn stays.
//! 4. Each change costs the logarithm of what waits, times the activities that an instance and its
//!    orchestrator wait for.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::pool::AttemptKey;
use super::pool::key_of;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::work::ActivityTask;

/// When somebody came, or had the last turn: a number that only grows.
type Turn = u64;

/// Attempts that wait for room.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    now: Turn,
    lines: BTreeMap<String, Line>,
    /// The activities that have no room.
    full: BTreeSet<String>,
    /// The activities that have room, by who is first in their line.
    open: BTreeMap<First, String>,
    orchestrators: HashMap<String, Standing>,
    instances: HashMap<InstanceKey, Standing>,
    places: BTreeMap<AttemptKey, Place>,
}

/// Whose turn it is among those who wait for one activity: by the turn of the orchestrator, the turn
/// of the instance, and the order in which the attempts came.
#[derive(Debug, Default)]
struct Line {
    orchestrators: BTreeMap<Turn, BTreeMap<Turn, BTreeMap<Turn, ActivityTask>>>,
    /// Where it stands in `open`.
    shown: Option<First>,
}

/// The turns of the orchestrator and the instance that are first, and when that attempt came: no two
/// lines have the same.
type First = (Turn, Turn, Turn);

/// When an orchestrator or an instance had its last turn, and how many of its attempts wait for
/// which activity.
#[derive(Debug)]
struct Standing {
    turn: Turn,
    waits_for: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Place {
    activity: String,
    orchestrator: String,
    came: Turn,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn has(&self, key: &AttemptKey) -> bool {
        self.places.contains_key(key)
    }

    /// The attempts of an instance.
    pub(super) fn keys_of(&self, instance: InstanceKey) -> impl Iterator<Item = &AttemptKey> {
        let from = (instance, Execution(0), CallPath::root());
        let keys = self.places.range(from..).map(|(key, _)| key);
        keys.take_while(move |(key, ..)| *key == instance)
    }

    /// Whether the activity has room, as far as was told.
    pub(super) fn has_room(&self, activity: &str) -> bool {
        !self.full.contains(activity)
    }

    /// Tells whether an activity has room.
    pub(super) fn set_room(&mut self, activity: &str, has_room: bool) {
        let changed = if has_room {
            self.full.remove(activity)
        } else {
            self.full.insert(activity.to_owned())
        };
        // The line moves only at a change: an activity without room stands in no order at all.
        if changed {
            self.show(activity);
        }
    }

    /// Takes an attempt that an orchestration wants.
    pub(super) fn push(&mut self, task: ActivityTask, orchestrator: &str) {
        // One number for all three: who comes first of its orchestrator, of its instance and by
        // itself stands where it came.
        let came = self.tick();
        let key = key_of(&task);
        // One that is told again stands where it stood.
        if self.has(&key) {
            return;
        }
        let activity = task.name.clone();
        let of_orchestrator = self.orchestrators.entry(orchestrator.to_owned());
        let orchestrator_turn = of_orchestrator
            .or_insert_with(|| Standing::new(came))
            .waits_for(&activity);
        let of_instance = self.instances.entry(task.key);
        let instance_turn = of_instance
            .or_insert_with(|| Standing::new(came))
            .waits_for(&activity);
        let line = self.lines.entry(activity.clone()).or_default();
        let of_orchestrator = line.orchestrators.entry(orchestrator_turn).or_default();
        let of_instance = of_orchestrator.entry(instance_turn).or_default();
        of_instance.insert(came, task);
        self.show(&activity);
        let orchestrator = orchestrator.to_owned();
        let place = Place {
            activity,
            orchestrator,
            came,
        };
        self.places.insert(key, place);
    }

    /// Whose turn it is among those whose activities have room.
    pub(super) fn first(&self) -> Option<&ActivityTask> {
        let (_, activity) = self.open.first_key_value()?;
        let of_orchestrators = &self.lines.get(activity)?.orchestrators;
        let (_, of_instances) = of_orchestrators.first_key_value()?;
        let (_, tasks) = of_instances.first_key_value()?;
        tasks.first_key_value().map(|(_, task)| task)
    }

    /// Takes the first one. Its instance and its orchestrator stand behind all others then.
    pub(super) fn take_first(&mut self) -> Option<ActivityTask> {
        // Removed by its key, so that what is taken and what is cancelled go the same way through
        // the books.
        let key = key_of(self.first()?);
        let orchestrator = self.places.get(&key)?.orchestrator.clone();
        let task = self.remove(&key)?;
        // After the removal: whoever waits for nothing else is forgotten, and begins anew when it
        // comes again.
        self.had_its_turn(task.key, &orchestrator);
        Some(task)
    }

    /// Takes an attempt out.
    pub(super) fn remove(&mut self, key: &AttemptKey) -> Option<ActivityTask> {
        let place = self.places.remove(key)?;
        let activity = &place.activity;
        let standing = self.orchestrators.get_mut(&place.orchestrator)?;
        let orchestrator_turn = standing.waits_no_longer_for(activity);
        // Kept, the books would grow with each instance that ever waited.
        if standing.waits_for.is_empty() {
            self.orchestrators.remove(&place.orchestrator);
        }
        let standing = self.instances.get_mut(&key.0)?;
        let instance_turn = standing.waits_no_longer_for(activity);
        if standing.waits_for.is_empty() {
            self.instances.remove(&key.0);
        }
        let line = self.lines.get_mut(activity)?;
        let task = line.remove((orchestrator_turn, instance_turn, place.came));
        self.show(activity);
        task
    }

    /// Forgets everything that waits.
    pub(super) fn clear(&mut self) {
        *self = Self {
            // Which activities have room depends on what runs, and not on what waits.
            full: std::mem::take(&mut self.full),
            ..Self::default()
        };
    }

    fn tick(&mut self) -> Turn {
        self.now += 1;
        self.now
    }

    fn had_its_turn(&mut self, instance: InstanceKey, orchestrator: &str) {
        // The same number for the orchestrator and its instance: nobody else has it.
        let turn = self.tick();
        let mut moved = BTreeSet::new();
        let Some(of_orchestrator) = self.orchestrators.get_mut(orchestrator) else {
            return;
        };
        let before = std::mem::replace(&mut of_orchestrator.turn, turn);
        for activity in of_orchestrator.waits_for.keys() {
            if let Some(line) = self.lines.get_mut(activity) {
                move_turn(&mut line.orchestrators, before, turn);
                moved.insert(activity.clone());
            }
        }
        if let Some(of_instance) = self.instances.get_mut(&instance) {
            let before = std::mem::replace(&mut of_instance.turn, turn);
            // After the orchestrator has moved: the instances of its lines are found under its new
            // turn.
            for activity in of_instance.waits_for.keys() {
                let line = self.lines.get_mut(activity);
                let of_orchestrator = line.and_then(|line| line.orchestrators.get_mut(&turn));
                if let Some(of_instances) = of_orchestrator {
                    move_turn(of_instances, before, turn);
                }
            }
        }
        for activity in &moved {
            self.show(activity);
        }
    }

    /// Puts an activity to where its line stands among those with room.
    fn show(&mut self, activity: &str) {
        let Some(line) = self.lines.get_mut(activity) else {
            return;
        };
        if let Some(shown) = line.shown.take() {
            self.open.remove(&shown);
        }
        let Some(first) = line.first() else {
            self.lines.remove(activity);
            return;
        };
        if !self.full.contains(activity) {
            line.shown = Some(first);
            self.open.insert(first, activity.to_owned());
        }
    }
}

impl Line {
    fn first(&self) -> Option<First> {
        let (of_orchestrator, instances) = self.orchestrators.first_key_value()?;
        let (of_instance, tasks) = instances.first_key_value()?;
        let (came, _) = tasks.first_key_value()?;
        Some((*of_orchestrator, *of_instance, *came))
    }

    fn remove(&mut self, (orchestrator, instance, came): First) -> Option<ActivityTask> {
        let instances = self.orchestrators.get_mut(&orchestrator)?;
        let tasks = instances.get_mut(&instance)?;
        let task = tasks.remove(&came);
        if tasks.is_empty() {
            instances.remove(&instance);
        }
        if instances.is_empty() {
            self.orchestrators.remove(&orchestrator);
        }
        task
    }
}

impl Standing {
    fn new(turn: Turn) -> Self {
        Self {
            turn,
            waits_for: BTreeMap::new(),
        }
    }

    /// Counts one more attempt that waits. Returns whose turn that makes it.
    fn waits_for(&mut self, activity: &str) -> Turn {
        match self.waits_for.get_mut(activity) {
            Some(waiting) => *waiting += 1,
            None => {
                self.waits_for.insert(activity.to_owned(), 1);
            }
        }
        self.turn
    }

    fn waits_no_longer_for(&mut self, activity: &str) -> Turn {
        if let Some(waiting) = self.waits_for.get_mut(activity) {
            *waiting -= 1;
            if *waiting == 0 {
                self.waits_for.remove(activity);
            }
        }
        self.turn
    }
}

/// Moves what has its turn at `before` to `after`.
fn move_turn<T>(turns: &mut BTreeMap<Turn, T>, before: Turn, after: Turn) {
    if let Some(moved) = turns.remove(&before) {
        turns.insert(after, moved);
    }
}
