//! Compares two shapes of one orchestrator: what changed, and what that means for running
//! instances.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Finding;
use super::flat::Flat;
use super::flat::FlatEdge;
use super::flat::START;
use super::simulation::Simulation;
use crate::definition::MachineState;
use crate::definition::StateMachine;

const TOO_LARGE: &str = "it changed, and with the inline helpers that its inline helpers call it has \
                         too many states to tell whether running instances can go on: give it a new \
                         version";

/// Returns the differences in `current`, and whether instances of `locked` survive them.
///
/// A running execution has gone some way through the old machine and has not reached an end. It
/// survives if the new machine goes the same way under the same conditions. Therefore everything
/// after the last state may change freely, and so may code behind
/// [`patched`](crate::orchestration::OrchestrationContext::patched) with a new change.
pub fn compare(locked: &StateMachine, current: &StateMachine) -> Vec<Finding> {
    // Most edits change no shape, and end here.
    if locked.shape() == current.shape() && locked.patches == current.patches {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(arguments(locked, current));
    findings.extend(types(locked, current));
    let fresh: BTreeSet<String> = patches(current)
        .difference(&patches(locked))
        .cloned()
        .collect();
    let (Some(old), Some(mut new)) = (Flat::of(locked), Flat::of(current)) else {
        findings.push(Finding::breaking(TOO_LARGE, None));
        return findings;
    };
    // A change that is new was not marked in any recorded history: running instances see the code
    // without it.
    new.before(&fresh);
    let simulation = Simulation::of(&old, &new);
    if !simulation.holds(START, START) {
        let mut explained = Explanation {
            simulation: &simulation,
            seen: BTreeSet::new(),
            findings: Vec::new(),
        };
        explained.explain(START, START);
        findings.append(&mut explained.findings);
    }
    // The shapes differ, and every running instance can go on: still a finding, so that the file is
    // brought up to date.
    if findings.is_empty() {
        let under = match fresh.iter().next() {
            Some(change) => format!(" under `patched(\"{change}\")`"),
            None => String::new(),
        };
        findings.push(Finding::safe(format!(
            "it changed{under} where no running instance has been"
        )));
    }
    findings
}

fn patches(machine: &StateMachine) -> BTreeSet<String> {
    let helpers = machine.helpers.iter().flat_map(|helper| &helper.patches);
    machine.patches.iter().chain(helpers).cloned().collect()
}

fn arguments(locked: &StateMachine, current: &StateMachine) -> Option<Finding> {
    (locked.arguments != current.arguments).then(|| {
        let place = current.all_states().next().map(|state| &state.place);
        Finding::breaking(
            format!(
                "its arguments were ({}) and are now ({}): the recorded input may not decode as these",
                locked.arguments.join(", "),
                current.arguments.join(", ")
            ),
            place,
        )
    })
}

/// Functions that are called as before and have other types.
fn types(locked: &StateMachine, current: &StateMachine) -> Vec<Finding> {
    let mut before: BTreeMap<(&str, &str), &MachineState> = BTreeMap::new();
    for state in locked.all_states() {
        before.insert((state.kind.word(), &state.name), state);
    }
    let mut findings = Vec::new();
    for now in current.all_states() {
        // Each function is told once.
        let Some(state) = before.remove(&(now.kind.word(), now.name.as_str())) else {
            continue;
        };
        if state.arguments != now.arguments {
            let change = format!(
                "`{}` took ({}) and now takes ({}): recorded calls may not decode as these",
                now.name,
                state.arguments.join(", "),
                now.arguments.join(", ")
            );
            findings.push(Finding::breaking(change, Some(&now.place)));
        }
        if state.returns != now.returns {
            let change = format!(
                "`{}` returned {} and now returns {}: recorded results may not decode as this",
                now.name, state.returns, now.returns
            );
            findings.push(Finding::breaking(change, Some(&now.place)));
        }
    }
    findings
}

/// Follows both machines to where they part.
struct Explanation<'a> {
    simulation: &'a Simulation<'a>,
    seen: BTreeSet<(usize, usize)>,
    findings: Vec<Finding>,
}

impl Explanation<'_> {
    fn explain(&mut self, old: usize, new: usize) {
        if !self.seen.insert((old, new)) {
            return;
        }
        let simulation = self.simulation;
        for way in simulation.lost(old, new) {
            let key = simulation.old.key(way.to);
            let alike = simulation
                .new
                .out(new)
                .find(|other| simulation.covers(way, other) && simulation.new.key(other.to) == key);
            match alike {
                Some(other) => self.explain(way.to, other.to),
                None => self.lost(way, new),
            }
        }
        for way in simulation.added(old, new) {
            // What took the place of a lost way was told with it.
            let replaces = simulation
                .lost(old, new)
                .any(|lost| simulation.covers(lost, way));
            if !replaces {
                self.added(old, way);
            }
        }
    }

    fn lost(&mut self, way: &FlatEdge, at: usize) {
        let (old, new) = (self.simulation.old, self.simulation.new);
        let (from, to) = (old.told(way.from), old.told(way.to));
        let under = new.out(at).find(|other| self.simulation.covers(way, other));
        let elsewhere = new
            .out(at)
            .find(|other| new.key(other.to) == old.key(way.to));
        let (change, place) = match (under, elsewhere) {
            (Some(other), _) => (
                format!(
                    "after {from} came {to}, and now comes {}",
                    new.told(other.to)
                ),
                new.place(other.to),
            ),
            (None, Some(other)) => (
                format!(
                    "from {from} to {to} it went {}, and now {}",
                    told(&way.when),
                    told(&other.when)
                ),
                new.place(other.to),
            ),
            (None, None) => (
                format!(
                    "after {from} came {to} {}, and now it does not",
                    told(&way.when)
                ),
                None,
            ),
        };
        self.findings
            .push(Finding::breaking(change, place.or(new.near(at))));
    }

    fn added(&mut self, old: usize, way: &FlatEdge) {
        let new = self.simulation.new;
        let change = format!(
            "after {} it can now come to {} {}, where an instance may have gone on",
            self.simulation.old.told(old),
            new.told(way.to),
            told(&way.when)
        );
        let place = new.place(way.to).or(new.near(way.from));
        self.findings.push(Finding::breaking(change, place));
    }
}

fn told(when: &[String]) -> String {
    match when {
        [] => "always".to_owned(),
        when => format!("when `{}`", when.join("; ")),
    }
}
