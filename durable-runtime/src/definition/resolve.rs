//! Makes the machine from the table that a macro emitted: it resolves callees and removes
//! junctions.

use std::collections::BTreeMap;

use super::SourcePlace;
use super::state_machine::Edge;
use super::state_machine::MachineState;
use super::state_machine::StateId;
use super::state_machine::StateKind;
use super::state_machine::StateMachine;
use super::table::Node;
use super::table::Signature;
use super::table::StateOp;
use super::table::StateRow;
use super::table::StateTable;

/// The callee that a path in the source names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolved {
    /// An activity.
    Activity(&'static str, Signature),
    /// An orchestrator.
    Orchestrator(&'static str, Signature),
    /// An inline helper.
    Helper(&'static str),
}

/// The callees that the paths of one function name.
pub type Resolution = BTreeMap<&'static str, Resolved>;

/// The parts of a machine.
#[derive(Debug)]
#[non_exhaustive]
pub struct FunctionStates<'a> {
    /// The name of the orchestrator or helper.
    pub name: &'a str,
    /// The version of an orchestrator.
    pub version: &'a str,
    /// Its types.
    pub signature: Signature,
    /// Its states as the macro saw them.
    pub table: StateTable,
    /// Its callees.
    pub resolution: &'a Resolution,
}

impl<'a> FunctionStates<'a> {
    /// Creates the parts of a function's machine.
    pub fn new(
        name: &'a str,
        version: &'a str,
        signature: Signature,
        table: StateTable,
        resolution: &'a Resolution,
    ) -> Self {
        Self {
            name,
            version,
            signature,
            table,
            resolution,
        }
    }

    /// Returns the machine, including those of the helpers.
    pub fn into_machine(self, helpers: Vec<StateMachine>) -> StateMachine {
        let mut names = Names::default();
        let rows = self.table.rows.iter();
        let states: Vec<Option<MachineState>> = rows
            .map(|row| self.state(row).map(|state| names.numbered(state)))
            .collect();
        let mut ways: Vec<Way> = self.table.edges.iter().map(Way::of).collect();
        for (row, state) in states.iter().enumerate() {
            if state.is_none() {
                // What is no state is a point that ways pass through: they are joined around it.
                take_out(Node::Row(row), &mut ways);
            }
        }
        let id = |node: Node| match node {
            Node::Start => StateId(StateId::START.to_owned()),
            Node::Completed => StateId(StateId::COMPLETED.to_owned()),
            Node::Failed => StateId(StateId::FAILED.to_owned()),
            Node::Continued => StateId(StateId::CONTINUED.to_owned()),
            Node::Row(row) => match states.get(row) {
                Some(Some(state)) => state.id.clone(),
                _ => StateId(format!("unknown:{row}")),
            },
        };
        let edges = ways.iter().map(|way| Edge {
            from: id(way.from),
            to: id(way.to),
            when: way.when.iter().map(|when| (*when).to_owned()).collect(),
            label: way.label.clone(),
        });
        let edges = edges.collect();
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        StateMachine {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            arguments: owned(self.signature.arguments),
            returns: self.signature.returns.to_owned(),
            edges,
            states: states.into_iter().flatten().collect(),
            patches: owned(self.table.patches),
            helpers,
        }
    }

    /// The state of a row; none for a junction, and for a function that is called and is not
    /// durable after all.
    fn state(&self, row: &StateRow) -> Option<MachineState> {
        let has = |option: &str| row.options.contains(&option);
        let resolved = self.resolution.get(row.path);
        let called = match resolved {
            Some(Resolved::Activity(name, signature)) => {
                Some((StateKind::Activity, *name, Some(*signature)))
            }
            Some(Resolved::Orchestrator(name, signature)) => {
                Some((StateKind::SubOrchestration, *name, Some(*signature)))
            }
            Some(Resolved::Helper(name)) => Some((StateKind::InlineHelper, *name, None)),
            None => None,
        };
        let (kind, name, signature) = match (row.op, called) {
            (StateOp::Junction, _) => return None,
            (StateOp::Called, Some(called)) => called,
            (StateOp::Called, None) if has("made") => return None,
            (StateOp::Awaits, None) if !row.path.is_empty() => {
                (StateKind::Other, row.recorded, None)
            }
            (op, _) => (kind_of(op), row.recorded, None),
        };
        let told = |option: &&&str| match kind {
            // Retries of an activity are its own; those of others are calls of the caller.
            StateKind::Activity => **option != "retry",
            _ => true,
        };
        let options: Vec<String> = row
            .options
            .iter()
            .filter(told)
            .map(|option| (*option).to_owned())
            .collect();
        let signature = signature.unwrap_or(Signature::new(&[], ""));
        Some(MachineState {
            id: StateId(format!("{kind}:{name}")),
            kind,
            name: name.to_owned(),
            label: label(kind, row),
            arguments: signature
                .arguments
                .iter()
                .map(|ty| (*ty).to_owned())
                .collect(),
            returns: signature.returns.to_owned(),
            options,
            place: SourcePlace(format!("{}:{}:{}", self.table.file, row.line, row.column)),
        })
    }
}

fn kind_of(op: StateOp) -> StateKind {
    match op {
        StateOp::Sleeps => StateKind::DurableTimer,
        StateOp::WaitsFor => StateKind::ExternalEvent,
        StateOp::Operates => StateKind::EntityCall,
        StateOp::Locks => StateKind::EntityLock,
        StateOp::Records => StateKind::LocalValue,
        StateOp::BeginsAnew => StateKind::AsNew,
        StateOp::Selects => StateKind::FirstOf,
        StateOp::Joins => StateKind::AllOf,
        StateOp::HasJoined => StateKind::AllDone,
        StateOp::Branches => StateKind::AsyncBlock,
        StateOp::Awaits => StateKind::Awaited,
        StateOp::Junction | StateOp::Called | StateOp::Other => StateKind::Other,
    }
}

fn label(kind: StateKind, row: &StateRow) -> String {
    let name = row.name;
    match kind {
        StateKind::ExternalEvent => format!("wait_for {name}"),
        StateKind::EntityLock => format!("lock {name}"),
        StateKind::Awaited => format!("await {name}"),
        _ if row.options.contains(&"detached") => format!("start {name}"),
        _ if row.options.contains(&"spawn") => format!("spawn {name}"),
        _ if row.options.contains(&"made") => format!("make {name}"),
        _ => name.to_owned(),
    }
}

/// How often each id was given.
#[derive(Default)]
struct Names(BTreeMap<String, u32>);

impl Names {
    fn numbered(&mut self, mut state: MachineState) -> MachineState {
        let count = self.0.entry(state.id.0.clone()).or_insert(0);
        *count += 1;
        // The first has no number, so that adding a second one does not rename it.
        if *count > 1 {
            state.id.0 = format!("{}#{count}", state.id.0);
        }
        state
    }
}

/// An edge while junctions are taken out.
#[derive(Clone, PartialEq)]
struct Way {
    from: Node,
    to: Node,
    when: Vec<&'static str>,
    label: String,
}

impl Way {
    fn of(row: &super::table::EdgeRow) -> Self {
        Self {
            from: row.from,
            to: row.to,
            when: row.when.to_vec(),
            label: row.label.to_owned(),
        }
    }

    /// This way and then `next`.
    fn and(&self, next: &Self) -> Self {
        let labels = [self.label.as_str(), next.label.as_str()];
        let labels: Vec<&str> = labels
            .into_iter()
            .filter(|label| !label.is_empty())
            .collect();
        Self {
            from: self.from,
            to: next.to,
            when: [self.when.as_slice(), &next.when].concat(),
            label: labels.join(", "),
        }
    }
}

/// Leads every way into `node` on to where the ways out of it lead.
fn take_out(node: Node, ways: &mut Vec<Way>) {
    let (touching, mut kept): (Vec<Way>, Vec<Way>) = std::mem::take(ways)
        .into_iter()
        .partition(|way| way.from == node || way.to == node);
    let into = touching.iter().filter(|way| way.from != node);
    for first in into {
        let out = touching.iter().filter(|way| way.to != node);
        for second in out.filter(|way| way.from == node) {
            let way = first.and(second);
            // Several ways through a junction may come to the same condition.
            if !kept.contains(&way) {
                kept.push(way);
            }
        }
    }
    *ways = kept;
}
