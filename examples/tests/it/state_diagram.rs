//! Every example as a diagram, as `tests/diagrams` shows it, and as Mermaid reads it.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use durable_examples::registry::registry;
use durable_runtime::definition::StateMachine;

use super::program::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_state_diagram");

fn machines() -> Vec<StateMachine> {
    let registry = registry();
    let orchestrators = registry.orchestrators();
    orchestrators
        .map(|orchestrator| orchestrator.definition.state_machine())
        .collect()
}

#[test]
fn every_example_has_its_diagram() {
    for machine in machines() {
        insta::with_settings!({
            snapshot_path => "../diagrams",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(machine.name.as_str(), machine.to_mermaid());
        });
    }
}

#[test]
fn the_diagram_of_an_order_has_its_steps_and_the_ways_between_them() {
    let run = Program::new(PROGRAM).run(["process_order"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.starts_with("stateDiagram-v2\n"));
    assert!(run.stdout.matches("-->").count() >= 6, "{}", run.stdout);
    for step in ["charge", "wait_for Approval", "sleep", "refund", "ship"] {
        assert!(run.stdout.contains(step), "{step}: {}", run.stdout);
    }
}

#[test]
fn without_a_name_all_diagrams_are_printed() {
    let run = Program::new(PROGRAM).run::<&str>([]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let diagrams = run.stdout.matches("stateDiagram-v2").count();
    assert_eq!(diagrams, machines().len());
}

#[test]
fn a_misspelt_name_is_told_what_it_may_mean() {
    let run = Program::new(PROGRAM).run(["proces_order"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        "there is no orchestrator `proces_order`: did you mean `process_order`?\n"
    );
}

#[test]
fn every_state_is_named_once_and_every_edge_leads_from_state_to_state() {
    for machine in machines() {
        let mut ids: Vec<_> = machine.states.iter().map(|state| &state.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), machine.states.len(), "{}", machine.name);
        for edge in &machine.edges {
            for end in [&edge.from, &edge.to] {
                let known = end.is_pseudo() || machine.state(end.as_str()).is_some();
                assert!(known, "{}: {end}", machine.name);
            }
        }
        let json = serde_json::to_string(&machine).unwrap();
        assert_eq!(
            serde_json::from_str::<StateMachine>(&json).unwrap(),
            machine
        );
    }
}

#[test]
fn mermaid_reads_every_diagram() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = examples.join("../target/ci/mermaid/node_modules");
    if !package.join("mermaid").exists() || Command::new("node").arg("-v").output().is_err() {
        let text = "SKIPPED mermaid_reads_every_diagram: no node, or no npm package `mermaid` below \
                    target/ci/mermaid (.ci/run installs it)";
        // Past the capture of the test harness: a skip is to be seen.
        writeln!(std::io::stderr(), "{text}").unwrap();
        return;
    }
    let diagrams: Vec<_> = machines().iter().map(StateMachine::to_mermaid).collect();
    let mut node = Command::new("node")
        .arg(examples.join("tests/mermaid.mjs"))
        .arg(package)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&diagrams).unwrap();
    node.stdin.take().unwrap().write_all(&input).unwrap();
    let output = node.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    assert_eq!(
        told,
        format!("{} diagrams read, 1 refused\n", diagrams.len())
    );
}
