//! State machines as diagrams.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::state_machine::Edge;
use super::state_machine::MachineState;
use super::state_machine::StateId;
use super::state_machine::StateKind;
use super::state_machine::StateMachine;

impl StateMachine {
    /// Returns the machine as a Mermaid state diagram; helpers are composite states of their own.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// #[orchestrator]
    /// async fn nap(ctx: &OrchestrationContext) {
    ///     ctx.sleep(hours(1)).await;
    /// }
    ///
    /// let diagram = nap::state_machine().to_mermaid();
    /// assert_eq!(diagram.lines().last(), Some("    sleep --> [*]"));
    /// ```
    pub fn to_mermaid(&self) -> String {
        let mut diagram = String::from("stateDiagram-v2\n");
        let mut names = Short::default();
        mermaid(self, "    ", &mut names, &mut diagram);
        for helper in &self.helpers {
            let name = names.of(&format!("helper {}", helper.name), &helper.name);
            let _ = writeln!(
                diagram,
                "    state \"helper {}\" as {name} {{",
                escaped(&helper.name)
            );
            mermaid(helper, "        ", &mut names, &mut diagram);
            let _ = writeln!(diagram, "    }}");
        }
        diagram
    }

    /// Returns the machine as a Graphviz graph.
    pub fn to_dot(&self) -> String {
        let mut graph = format!("digraph {} {{\n", quoted(&self.name));
        graph.push_str("    node [shape=box, style=rounded];\n");
        let mut names = Short::default();
        dot(self, "    ", &mut names, &mut graph);
        for helper in &self.helpers {
            let name = names.of(&format!("helper {}", helper.name), &helper.name);
            let _ = writeln!(graph, "    subgraph cluster_{name} {{");
            let _ = writeln!(
                graph,
                "        label={};",
                quoted(&format!("helper {}", helper.name))
            );
            dot(helper, "        ", &mut names, &mut graph);
            graph.push_str("    }\n");
        }
        graph.push_str("}\n");
        graph
    }
}

/// Short names that are words, one for each state of a diagram.
#[derive(Default)]
struct Short {
    given: BTreeMap<String, String>,
    taken: BTreeMap<String, u32>,
}

impl Short {
    fn of(&mut self, key: &str, wish: &str) -> String {
        if let Some(given) = self.given.get(key) {
            return given.clone();
        }
        let word: String = wish
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        // Other names would need quoting, in two languages with two rules for it.
        let word = word.trim_matches('_');
        // Words that mean something in one of the two languages.
        let reserved = [
            "", "state", "end", "note", "node", "edge", "graph", "default", "class",
        ];
        let word = match word {
            word if reserved.contains(&word.to_lowercase().as_str()) => format!("state_{word}"),
            word => word.to_owned(),
        };
        let count = self.taken.entry(word.to_lowercase()).or_insert(0);
        *count += 1;
        let name = if *count == 1 {
            word
        } else {
            format!("{word}_{count}")
        };
        self.given.insert(key.to_owned(), name.clone());
        name
    }

    fn state(&mut self, machine: &StateMachine, state: &MachineState) -> String {
        let key = format!("{} {} {}", machine.name, machine.version, state.id);
        self.of(&key, &state.label)
    }

    fn end(&mut self, machine: &StateMachine, id: &StateId) -> Option<String> {
        let state = machine.state(id.as_str())?;
        Some(self.state(machine, state))
    }
}

fn mermaid(machine: &StateMachine, indent: &str, names: &mut Short, diagram: &mut String) {
    for state in &machine.states {
        let name = names.state(machine, state);
        let _ = match state.kind {
            StateKind::FirstOf => writeln!(diagram, "{indent}state {name} <<choice>>"),
            StateKind::AllOf => writeln!(diagram, "{indent}state {name} <<fork>>"),
            StateKind::AllDone => writeln!(diagram, "{indent}state {name} <<join>>"),
            _ if state.label == name => writeln!(diagram, "{indent}{name}"),
            _ => {
                let label = escaped(&state.label);
                writeln!(diagram, "{indent}state \"{label}\" as {name}")
            }
        };
    }
    for (from, to, label) in drawn(machine) {
        let end = |names: &mut Short, id: &StateId| {
            names.end(machine, id).unwrap_or_else(|| "[*]".to_owned())
        };
        let (from, to) = (end(names, &from), end(names, &to));
        let _ = match label.as_str() {
            "" => writeln!(diagram, "{indent}{from} --> {to}"),
            label => writeln!(diagram, "{indent}{from} --> {to} : {}", escaped(label)),
        };
    }
}

fn dot(machine: &StateMachine, indent: &str, names: &mut Short, graph: &mut String) {
    let prefix = format!("{} {} ", machine.name, machine.version);
    for state in &machine.states {
        let name = names.state(machine, state);
        let shape = match state.kind {
            StateKind::FirstOf => ", shape=diamond",
            StateKind::AllOf | StateKind::AllDone => ", shape=box, height=0.1, style=filled",
            _ => "",
        };
        let _ = writeln!(
            graph,
            "{indent}{name} [label={}{shape}];",
            quoted(&state.label)
        );
    }
    let drawn = drawn(machine);
    let ends = [
        StateId::START,
        StateId::COMPLETED,
        StateId::FAILED,
        StateId::CONTINUED,
    ];
    for end in ends {
        if drawn
            .iter()
            .any(|(from, to, _)| from.as_str() == end || to.as_str() == end)
        {
            let name = names.of(&format!("{prefix}{end}"), end);
            let _ = writeln!(graph, "{indent}{name} [label={}, shape=oval];", quoted(end));
        }
    }
    for (from, to, label) in drawn {
        let end = |names: &mut Short, id: &StateId| {
            let pseudo = format!("{prefix}{id}");
            names
                .end(machine, id)
                .unwrap_or_else(|| names.of(&pseudo, id.as_str()))
        };
        let (from, to) = (end(names, &from), end(names, &to));
        let _ = match label.as_str() {
            "" => writeln!(graph, "{indent}{from} -> {to};"),
            label => writeln!(graph, "{indent}{from} -> {to} [label={}];", quoted(label)),
        };
    }
}

/// The edges for people: those between the same two states are one.
fn drawn(machine: &StateMachine) -> Vec<(StateId, StateId, String)> {
    const LONGEST: usize = 48;
    let mut drawn: Vec<(StateId, StateId, Vec<String>)> = Vec::new();
    for edge in &machine.edges {
        let label = label_of(edge);
        let same = drawn
            .iter_mut()
            .find(|(from, to, _)| *from == edge.from && *to == edge.to);
        match same {
            Some((_, _, labels)) if labels.contains(&label) => {}
            Some((_, _, labels)) => labels.push(label),
            None => drawn.push((edge.from.clone(), edge.to.clone(), vec![label])),
        }
    }
    let one = |labels: Vec<String>| {
        // One way without a condition makes the others superfluous.
        if labels.iter().any(String::is_empty) {
            return String::new();
        }
        let label = labels.join(" | ");
        match label.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &label[..at]),
            None => label,
        }
    };
    let drawn = drawn.into_iter();
    drawn
        .map(|(from, to, labels)| (from, to, one(labels)))
        .collect()
}

/// Ways to the end that a reader could not tell apart are told by where they lead.
fn label_of(edge: &Edge) -> String {
    match edge.to.as_str() {
        StateId::FAILED if edge.label.is_empty() => "Err".to_owned(),
        StateId::CONTINUED if edge.label.is_empty() => "as new".to_owned(),
        _ => {
            let mut parts: Vec<&str> = edge.label.split(", ").collect();
            parts.dedup();
            parts.join(", ")
        }
    }
}

/// Text in a Mermaid diagram. Entities stand for what its grammar takes for its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            ':' => escaped.push_str("#58;"),
            ';' => escaped.push_str("#59;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '{' => escaped.push_str("#123;"),
            '}' => escaped.push_str("#125;"),
            '%' => escaped.push_str("#37;"),
            '\n' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
