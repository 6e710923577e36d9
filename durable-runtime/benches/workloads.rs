//! What users feel, measured: `cargo bench -p durable-runtime --bench workloads -- <workload>
//! [--n N] [--db URL] [--repeat R]`.
//!
//! Prints a line of JSON for each repetition. The clocks run around the work only; the database is a
//! file with `synchronous=FULL`, the payloads are JSON of about 100 bytes. Without `--db` each
//! repetition has a database of its own in a temporary folder.
//!
//! | workload | what | figures |
//! |---|---|---|
//! | `w1` | a chain of N activities that do nothing | `per_step_ms`, `first_tenth_ms`, `last_tenth_ms`, `bare_commit_ms`, `commits`, `fsyncs` (when run by `fsyncs.sh`) |
//! | `w2` | N orchestrations of 5 activities in sequence | `orchestrations_per_s`, `steps_per_s` |
//! | `w3` | N activities at the same time | `steps_per_s` |
//! | `w4` | from raising an event to the result it leads to, N times | `p50_ms`, `p99_ms` |
//! | `w5` | start, one activity, result, N times | `p50_ms`, `p99_ms` |
//! | `w6` | N instances after 20 steps, in a hub that was just opened, are sent the event they wait for | `open_ms`, `handled_ms` |
//! | `w7` | N sleeping instances | `rss_starter_mb`, `rss_mb`, `cpu_percent` (over 10 s), `bytes_per_instance`, `open_ms` |
//! | `w8` | N operations of entities by 100 clients, calls and signals by turns, on one key and on 100 | `ops_per_s_one_key`, `ops_per_s_100_keys` |
//! | `w9` | a loop with checkpoints is gone on with at its Nth turn: 100, 10,000 and 100,000, or `--n` | `resume_ms`, `rows` (that resuming reads) |
//! | `w10` | a client asks for the status of a loop with checkpoints at its Nth turn: 100 and 100,000, or `--n` | `status_ms` |

mod workloads {
    pub(crate) mod bare_commit;
    pub(crate) mod chain;
    pub(crate) mod entities;
    pub(crate) mod eternal;
    pub(crate) mod event;
    pub(crate) mod fan_out;
    pub(crate) mod functions;
    pub(crate) mod hub;
    pub(crate) mod measure;
    pub(crate) mod options;
    pub(crate) mod orchestrations;
    pub(crate) mod process;
    pub(crate) mod recovery;
    pub(crate) mod round_trip;
    pub(crate) mod sleepers;
    pub(crate) mod waiting;
}

use std::process::ExitCode;

use serde_json::Value;

use workloads::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    for _ in 0..options.repeat {
        match run(&options).await {
            Ok(Value::Array(lines)) => lines.iter().for_each(|figures| println!("{figures}")),
            Ok(figures) => println!("{figures}"),
            Err(error) => {
                eprintln!("{error:?}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

async fn run(options: &Options) -> durable_runtime::Result<Value> {
    match options.workload.as_str() {
        "w1" => workloads::chain::run(options).await,
        "w2" => workloads::orchestrations::run(options).await,
        "w3" => workloads::fan_out::run(options).await,
        "w4" => workloads::event::run(options).await,
        "w5" => workloads::round_trip::run(options).await,
        "w6" => workloads::recovery::run(options).await,
        "w7" => workloads::sleepers::run(options).await,
        "w8" => workloads::entities::run(options).await,
        "w9" => workloads::eternal::resumed(options).await,
        "w10" => workloads::eternal::looked_at(options).await,
        _ => workloads::sleepers::idle(options).await,
    }
}
