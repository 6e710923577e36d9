//! A machine as a replay sees it: helpers run in their caller's branch, so they are put in place of
//! their calls.

use std::collections::BTreeSet;

use crate::definition::Edge;
use crate::definition::MachineState;
use crate::definition::SourcePlace;
use crate::definition::StateId;
use crate::definition::StateKind;
use crate::definition::StateMachine;

/// The number of the node where it begins.
pub(super) const START: usize = 0;
/// Nodes up to this one are ends.
const LAST_END: usize = 3;
/// A helper that calls another one twice, and that one a third one twice, and so on, has as many nodes
/// as there are ways through them all. More than these take more than seconds to compare.
const MOST_NODES: usize = 1_000;
/// Likewise where it is not the states that multiply, but the ways between them.
const MOST_EDGES: usize = 4_000;

/// A graph of states; the first four nodes are the start and the ends.
#[derive(Debug, Default)]
pub(super) struct Flat<'a> {
    pub(super) nodes: Vec<FlatNode<'a>>,
    /// In the order of the nodes at which they begin.
    pub(super) edges: Vec<FlatEdge>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct FlatNode<'a> {
    pub(super) state: Option<&'a MachineState>,
    junction: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct FlatEdge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) when: Vec<String>,
}

/// Where a function is entered and left.
struct Doors {
    start: usize,
    completed: usize,
    failed: usize,
    continued: usize,
}

impl<'a> Flat<'a> {
    /// None if it is too large.
    pub(super) fn of(machine: &'a StateMachine) -> Option<Self> {
        let mut flat = Self::default();
        // The start and the three ends have fixed numbers, so that they stand for each other in
        // both machines.
        flat.nodes.resize(LAST_END + 1, FlatNode::default());
        let doors = Doors {
            start: START,
            completed: 1,
            failed: 2,
            continued: 3,
        };
        flat.add(machine, machine, &doors, &mut Vec::new());
        for node in LAST_END + 1..flat.nodes.len() {
            // Helpers that call helpers multiply, and each pair of states is compared.
            if flat.is_too_large() {
                return None;
            }
            if flat.nodes[node].junction {
                flat.take_out(node);
            }
        }
        // So that the edges of a node lie together, and are found by a binary search.
        flat.edges.sort_by_key(|edge| edge.from);
        (!flat.is_too_large()).then_some(flat)
    }

    fn is_too_large(&self) -> bool {
        self.nodes.len() > MOST_NODES || self.edges.len() > MOST_EDGES
    }

    pub(super) fn is_end(node: usize) -> bool {
        (1..=LAST_END).contains(&node)
    }

    pub(super) fn out(&self, node: usize) -> impl Iterator<Item = &FlatEdge> {
        let first = self.edges.partition_point(|edge| edge.from < node);
        let behind = self.edges[first..].iter();
        behind.take_while(move |edge| edge.from == node)
    }

    /// What a replay tells the state by.
    pub(super) fn key(&self, node: usize) -> String {
        let Some(state) = self.nodes[node].state else {
            return format!("{node}");
        };
        let name = match state.kind {
            // These are matched by kind and place alone: their names in the source are not
            // recorded.
            StateKind::DurableTimer
            | StateKind::AsyncBlock
            | StateKind::FirstOf
            | StateKind::Other => "",
            _ => &state.name,
        };
        let name = match state.kind {
            // As events are matched (E1).
            StateKind::ExternalEvent => name.to_lowercase(),
            _ => name.to_owned(),
        };
        format!("{} {name} {}", state.kind, state.options.join(" "))
    }

    /// The state for people.
    pub(super) fn told(&self, node: usize) -> String {
        match self.nodes[node].state {
            Some(state) => format!("`{}`", state.id),
            None => match node {
                START => "the start".to_owned(),
                _ => "the end".to_owned(),
            },
        }
    }

    pub(super) fn place(&self, node: usize) -> Option<&'a SourcePlace> {
        let place = &self.nodes[node].state?.place;
        (!place.0.is_empty()).then_some(place)
    }

    /// Its place, or that of something behind it: the start has none.
    pub(super) fn near(&self, node: usize) -> Option<&'a SourcePlace> {
        let behind = || self.out(node).find_map(|edge| self.place(edge.to));
        self.place(node).or_else(behind)
    }

    /// Drops the ways that are taken only where one of the changes applies.
    pub(super) fn before(&mut self, changes: &BTreeSet<String>) {
        self.edges.retain_mut(|edge| {
            let applies = |when: &String| {
                changes.iter().any(|change| {
                    let patched = format!("patched {change}");
                    *when == patched || when.starts_with(&format!("{patched} and "))
                })
            };
            // Under the new change: no running instance has come this way.
            if edge.when.iter().any(applies) {
                return false;
            }
            edge.when.retain(|when| {
                let before = when.strip_prefix("not patched ");
                !before.is_some_and(|change| changes.contains(change))
            });
            true
        });
    }

    fn junction(&mut self) -> usize {
        self.nodes.push(FlatNode {
            state: None,
            junction: true,
        });
        self.nodes.len() - 1
    }

    fn add(
        &mut self,
        root: &'a StateMachine,
        machine: &'a StateMachine,
        doors: &Doors,
        stack: &mut Vec<&'a str>,
    ) {
        let mut entries = Vec::new();
        let mut exits = Vec::new();
        for state in &machine.states {
            if self.is_too_large() {
                return;
            }
            let helper = root.helper(&state.name).filter(|helper| {
                state.kind == StateKind::InlineHelper
                    && state.options.is_empty()
                    // A helper that calls itself stays a call there, or this would not end.
                    && !stack.contains(&helper.name.as_str())
            });
            let Some(helper) = helper else {
                self.nodes.push(FlatNode {
                    state: Some(state),
                    junction: false,
                });
                let node = self.nodes.len() - 1;
                entries.push((&state.id, node));
                exits.push((&state.id, node, node));
                continue;
            };
            let inner = Doors {
                start: self.junction(),
                completed: self.junction(),
                failed: self.junction(),
                // Continuing as new ends the caller as well, so it leaves through the caller's
                // door.
                continued: doors.continued,
            };
            stack.push(&helper.name);
            self.add(root, helper, &inner, stack);
            stack.pop();
            entries.push((&state.id, inner.start));
            exits.push((&state.id, inner.completed, inner.failed));
        }
        let to = |id: &StateId| match id.as_str() {
            StateId::COMPLETED => doors.completed,
            StateId::FAILED => doors.failed,
            StateId::CONTINUED => doors.continued,
            _ => {
                let entry = entries.iter().find(|(known, _)| *known == id);
                entry.map_or(doors.failed, |(_, node)| *node)
            }
        };
        for edge in &machine.edges {
            for from in from(edge, machine, doors, &exits) {
                self.edges.push(FlatEdge {
                    from,
                    to: to(&edge.to),
                    when: edge.when.clone(),
                });
            }
        }
    }

    /// Leads every way into `node` on to where the ways out of it lead.
    fn take_out(&mut self, node: usize) {
        let (touching, mut kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.edges)
            .into_iter()
            .partition(|edge| edge.from == node || edge.to == node);
        for first in touching.iter().filter(|edge| edge.from != node) {
            let out = touching
                .iter()
                .filter(|edge| edge.from == node && edge.to != node);
            for second in out {
                let edge = FlatEdge {
                    from: first.from,
                    to: second.to,
                    when: [first.when.as_slice(), &second.when].concat(),
                };
                if !kept.contains(&edge) {
                    kept.push(edge);
                }
            }
        }
        self.edges = kept;
    }
}

/// Where an edge begins: behind a helper, where it returned a value, or where it failed.
fn from(
    edge: &Edge,
    machine: &StateMachine,
    doors: &Doors,
    exits: &[(&StateId, usize, usize)],
) -> Vec<usize> {
    if edge.from.as_str() == StateId::START {
        return vec![doors.start];
    }
    let Some((_, completed, failed)) = exits.iter().find(|(known, ..)| **known == edge.from) else {
        return Vec::new();
    };
    // It is a state and no helper: both exits are the same node.
    if completed == failed {
        return vec![*completed];
    }
    let is_error = |edge: &Edge| edge.when.first().is_some_and(|when| when == "Err");
    // If no edge says `Err`, the caller does the same whatever the helper returned.
    let tells_errors = machine
        .edges
        .iter()
        .any(|other| other.from == edge.from && is_error(other));
    match (tells_errors, is_error(edge)) {
        (true, true) => vec![*failed],
        (true, false) => vec![*completed],
        (false, _) => vec![*completed, *failed],
    }
}
