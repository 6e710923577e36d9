//! Says which edits running instances would not survive. See `durable_examples::durable_check`.

fn main() -> std::process::ExitCode {
    durable_runtime::check::main(&durable_examples::durable_check::registry())
}
