//! Which states of the old machine each state of the new one can stand for.
//!
//! The greatest relation such that the new state goes on, from every way that an unfinished
//! execution may have gone from the old one, under the same conditions, to a state that stands for
//! the next; and that it takes no other way, except where the old one ended.

use super::flat::Flat;
use super::flat::FlatEdge;

/// The pairs `(old, new)` that hold, as a table.
pub(super) struct Simulation<'a> {
    pub(super) old: &'a Flat<'a>,
    pub(super) new: &'a Flat<'a>,
    holds: Vec<Vec<bool>>,
}

impl<'a> Simulation<'a> {
    pub(super) fn of(old: &'a Flat<'a>, new: &'a Flat<'a>) -> Self {
        let keys: Vec<String> = (0..new.nodes.len()).map(|node| new.key(node)).collect();
        let same = |node: usize| {
            let key = old.key(node);
            keys.iter().map(|other| *other == key).collect()
        };
        let mut simulation = Self {
            old,
            new,
            holds: (0..old.nodes.len()).map(same).collect(),
        };
        // From all that could stand for each other down to what really does: the greatest relation
        // is what is left when nothing more can be taken away.
        while simulation.narrow() {}
        simulation
    }

    pub(super) fn holds(&self, old: usize, new: usize) -> bool {
        self.holds[old][new]
    }

    /// Takes out the pairs that do not go on; false when none is left to take out.
    fn narrow(&mut self) -> bool {
        let mut narrowed = false;
        for old in 0..self.old.nodes.len() {
            for new in 0..self.new.nodes.len() {
                if self.holds[old][new]
                    && (self.lost(old, new).next().is_some()
                        || self.added(old, new).next().is_some())
                {
                    self.holds[old][new] = false;
                    narrowed = true;
                }
            }
        }
        narrowed
    }

    /// The ways from `old` that `new` does not take any more.
    pub(super) fn lost(&self, old: usize, new: usize) -> impl Iterator<Item = &'a FlatEdge> {
        // Whoever went to an end has ended, and is not replayed.
        let ways = self.old.out(old).filter(|way| !Flat::is_end(way.to));
        ways.filter(move |way| !self.new.out(new).any(|other| self.follows(way, other)))
    }

    fn follows(&self, way: &FlatEdge, other: &FlatEdge) -> bool {
        self.holds[way.to][other.to] && self.covers(way, other)
    }

    /// The ways that `new` takes and `old` did not.
    pub(super) fn added(&self, old: usize, new: usize) -> impl Iterator<Item = &'a FlatEdge> {
        self.new.out(new).filter(move |other| {
            let mut known = self.old.out(old);
            !known.any(|way| {
                if Flat::is_end(way.to) {
                    // Whoever went there has ended.
                    other.when.starts_with(&way.when)
                } else {
                    self.follows(way, other)
                }
            }) && !self.is_new_variant(old, other)
        })
    }

    /// Whether `other` is taken wherever `way` was: its conditions are some of those of `way`, in
    /// their order, and no others.
    pub(super) fn covers(&self, way: &FlatEdge, other: &FlatEdge) -> bool {
        let mut before = way.when.iter();
        other
            .when
            .iter()
            .all(|now| before.any(|before| self.implies(way.from, before, now)))
    }

    /// Whether `now` holds wherever `before` did, and else only for new variants.
    fn implies(&self, old: usize, before: &str, now: &str) -> bool {
        if before == now {
            return true;
        }
        let (Some(before), Some(now)) = (Pattern::of(before), Pattern::of(now)) else {
            return false;
        };
        let is_known = |one: &&str| before.alternatives.contains(one);
        let mut kept = before.alternatives.iter();
        let mut all = now.alternatives.iter();
        before.of == now.of
            && kept.all(|one| now.alternatives.contains(one))
            && all.all(|one| is_known(one) || self.is_unknown(old, before.of, one))
    }

    /// Whether a way is taken only for variants that the old code did not know: it would not have
    /// compiled with them.
    fn is_new_variant(&self, old: usize, other: &FlatEdge) -> bool {
        other.when.iter().any(|when| {
            Pattern::of(when).is_some_and(|pattern| {
                let mut alternatives = pattern.alternatives.iter();
                alternatives.all(|one| self.is_unknown(old, pattern.of, one))
            })
        })
    }

    /// Whether the old code matched `of` at this node, without a wildcard and without this variant.
    fn is_unknown(&self, old: usize, of: &str, alternative: &str) -> bool {
        let Some(name) = variant(alternative) else {
            return false;
        };
        let mut matched = false;
        for way in self.old.out(old) {
            let patterns = way.when.iter().filter_map(|when| Pattern::of(when));
            for pattern in patterns.filter(|pattern| pattern.of == of) {
                for known in pattern.alternatives {
                    matched = true;
                    if variant(known).is_none_or(|known| known == name) {
                        return false;
                    }
                }
            }
        }
        matched
    }
}

/// A condition `of is A | B`.
struct Pattern<'w> {
    of: &'w str,
    alternatives: Vec<&'w str>,
}

impl<'w> Pattern<'w> {
    fn of(when: &'w str) -> Option<Self> {
        let (of, _) = when.split_once(" is ")?;
        let prefix = format!("{of} is ");
        Some(Self {
            of,
            alternatives: when
                .split(" | ")
                .map(|one| one.strip_prefix(&prefix).unwrap_or(one))
                .collect(),
        })
    }
}

/// The variant that a pattern names; none for one that matches others too.
fn variant(pattern: &str) -> Option<&str> {
    let end = pattern.find(['{', '(', ' ']).unwrap_or(pattern.len());
    let path = &pattern[..end];
    let last = path.rsplit("::").next().unwrap_or(path);
    // A name in lower case binds anything, and is no variant.
    last.starts_with(char::is_uppercase).then_some(path)
}
