//! Whether a history of concurrent operations is linearizable.
//!
//! The search of Wing and Gong, with Lowe's memory of what was tried: operations are taken one after
//! the other, each time one that was called before the first answer that is still to be explained,
//! and each must answer what the [`Reference`] answers. Linearizability is local, so each object is
//! checked alone.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt;

use super::reference::Answer;
use super::reference::Operation;
use super::reference::Reference;

/// An operation, and between which moments it had its effect.
#[derive(Debug, Clone)]
pub(super) struct Performed {
    pub(super) key: String,
    pub(super) operation: Operation,
    /// When it was called.
    pub(super) called: usize,
    /// When it was answered, and what. `None`: its client was cut off, so that it may have happened
    /// at any time since, or never.
    pub(super) answered: Option<(usize, Answer)>,
}

/// What concurrent clients did and saw.
#[derive(Debug, Default)]
pub(super) struct Observed {
    moments: usize,
    performed: Vec<Performed>,
}

impl Observed {
    /// Notes that an operation is called now; returns its number.
    pub(super) fn called(&mut self, key: &str, operation: &Operation) -> usize {
        let performed = Performed {
            key: key.to_owned(),
            operation: operation.clone(),
            called: self.moment(),
            answered: None,
        };
        self.performed.push(performed);
        self.performed.len() - 1
    }

    /// Notes that the operation with that number is answered now.
    pub(super) fn answered(&mut self, number: usize, answer: Answer) {
        let moment = self.moment();
        self.performed[number].answered = Some((moment, answer));
    }

    fn moment(&mut self) -> usize {
        self.moments += 1;
        self.moments
    }

    pub(super) fn len(&self) -> usize {
        self.performed.len()
    }

    /// How many operations were not answered.
    pub(super) fn unanswered(&self) -> usize {
        let unanswered = self.performed.iter().filter(|p| p.answered.is_none());
        unanswered.count()
    }

    /// Whether each object behaved as one that does one operation after the other.
    pub(super) fn check(&self) -> Result<(), Anomaly> {
        let mut objects: BTreeMap<&str, Vec<Performed>> = BTreeMap::new();
        for performed in &self.performed {
            let object = objects.entry(&performed.key).or_default();
            object.push(performed.clone());
        }
        objects.into_values().try_for_each(|object| check(&object))
    }
}

/// A history that no order explains.
#[derive(Debug)]
pub(super) struct Anomaly {
    /// The longest order that explains a part of it.
    explained: Vec<Performed>,
    /// What could come next then, and what the object would be.
    left: Vec<Performed>,
    state: Reference,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "no order explains this:")?;
        for performed in &self.explained {
            writeln!(f, "  {performed:?}")?;
        }
        writeln!(f, "then, with {:?}, none of:", self.state)?;
        for performed in &self.left {
            writeln!(f, "  {performed:?}")?;
        }
        Ok(())
    }
}

/// An order that explains a part of a history.
#[derive(Debug)]
struct Order {
    taken: Vec<usize>,
    state: Reference,
}

/// Whether one order explains all that was answered of one object.
pub(super) fn check(history: &[Performed]) -> Result<(), Anomaly> {
    let mut tried = HashSet::new();
    let mut orders = vec![Order {
        taken: Vec::new(),
        state: Reference::default(),
    }];
    let mut longest: Option<Order> = None;
    while let Some(order) = orders.pop() {
        let next = candidates(history, &order.taken);
        if next.iter().all(|at| history[*at].answered.is_none()) {
            return Ok(());
        }
        for at in next {
            let mut state = order.state.clone();
            let answer = state.perform(&history[at].operation);
            let answered = history[at].answered.as_ref();
            if answered.is_some_and(|(_, seen)| *seen != answer) {
                continue;
            }
            let mut taken = order.taken.clone();
            taken.push(at);
            if tried.insert((as_set(&taken, history.len()), state.clone())) {
                orders.push(Order { taken, state });
            }
        }
        if longest
            .as_ref()
            .is_none_or(|l| order.taken.len() > l.taken.len())
        {
            longest = Some(order);
        }
    }
    let longest = longest.unwrap_or(Order {
        taken: Vec::new(),
        state: Reference::default(),
    });
    let get = |numbers: &[usize]| numbers.iter().map(|at| history[*at].clone()).collect();
    Err(Anomaly {
        explained: get(&longest.taken),
        left: get(&candidates(history, &longest.taken)),
        state: longest.state,
    })
}

/// What can come next: what was called before the first answer that is not explained yet. Those that
/// were answered first come last, since the last is tried first.
fn candidates(history: &[Performed], taken: &[usize]) -> Vec<usize> {
    let taken = as_set(taken, history.len());
    let is_left = |at: &usize| !taken[*at];
    let end = |at: usize| {
        history[at]
            .answered
            .as_ref()
            .map_or(usize::MAX, |(end, _)| *end)
    };
    let left: Vec<_> = (0..history.len()).filter(is_left).collect();
    let first_end = left.iter().map(|at| end(*at)).min().unwrap_or(usize::MAX);
    let mut next: Vec<_> = left
        .into_iter()
        .filter(|at| history[*at].called <= first_end)
        .collect();
    next.sort_by_key(|at| std::cmp::Reverse(end(*at)));
    next
}

fn as_set(taken: &[usize], length: usize) -> Vec<bool> {
    let mut set = vec![false; length];
    for at in taken {
        set[*at] = true;
    }
    set
}
