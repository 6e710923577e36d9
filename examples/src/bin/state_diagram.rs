//! Prints the state machine of an orchestrator as a Mermaid diagram: `state_diagram process_order`.

use std::process::ExitCode;

use durable_examples::state_diagram::diagrams;

fn main() -> ExitCode {
    let name = std::env::args().nth(1);
    match diagrams(name.as_deref()) {
        Ok(diagrams) => {
            print!("{diagrams}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
