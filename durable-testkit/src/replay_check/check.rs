//! The check itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::client::Client;
use durable_runtime::client::Instances;
use durable_runtime::dispatcher::EngineConfig;
use durable_runtime::history::History;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Unit;
use durable_runtime::machine::ReplayError;
use durable_runtime::machine::replay;
use durable_runtime::orchestration::ChildCall;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::salt::Salt;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;

use super::ReplayCheckError;
use super::SavedHistory;
use super::saved::file_error;
use crate::CalledBy;

/// Checks that the orchestrator still makes the decisions that a saved history records:
/// `replay_check(process_order, include_str!("histories/order-1001.json"))?`.
///
/// # Errors
/// [`ReplayCheckError::DoesNotFit`] with what was recorded and what the code does now, each with
/// its line in the source; [`ReplayCheckError::OtherOrchestrator`],
/// [`ReplayCheckError::Unreadable`].
#[expect(
    clippy::needless_pass_by_value,
    reason = "a function item is given by its name"
)]
pub fn replay_check<F, A, O>(orchestrator: F, saved: &str) -> Result<(), ReplayCheckError>
where
    F: CalledBy<A, Call = ChildCall<O>>,
    O: Orchestrator,
{
    // The function item says which orchestrator it is.
    let _ = orchestrator;
    check_saved::<O>(&SavedHistory::from_json(saved)?)
}

/// Checks every saved history of this orchestrator and version in a folder. Returns how many it
/// checked.
///
/// # Errors
/// The errors of [`replay_check`], for all that do not fit; [`ReplayCheckError::NothingToCheck`].
#[expect(
    clippy::needless_pass_by_value,
    reason = "a function item is given by its name"
)]
pub fn replay_check_folder<F, A, O>(
    orchestrator: F,
    folder: impl AsRef<Path>,
) -> Result<usize, ReplayCheckError>
where
    F: CalledBy<A, Call = ChildCall<O>>,
    O: Orchestrator,
{
    let _ = orchestrator;
    let folder = folder.as_ref();
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|source| file_error(folder, source))?;
    let paths = entries.iter().map(fs::DirEntry::path);
    let mut checked = Vec::new();
    for path in paths.filter(|path| path.extension().is_some_and(|ext| ext == "json")) {
        let saved = SavedHistory::load(&path)?;
        if is_of::<O>(&saved) {
            checked.push(check_saved::<O>(&saved));
        }
    }
    all::<O>(checked)
}

/// Checks the histories of a hub, straight from its database: those of this orchestrator and
/// version among `instances`. Returns how many it checked.
///
/// ```no_run
/// # use durable_runtime::prelude::*;
/// # use durable_runtime::client::Client;
/// # use durable_runtime::work::InstanceStatus;
/// # use durable_testkit::replay_check_instances;
/// # #[orchestrator]
/// # async fn nap(ctx: &OrchestrationContext) -> u32 { ctx.sleep(hours(8)).await; 8 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::open("sqlite://copy-of-production.db").await?;
/// let running = client.instances().status(InstanceStatus::Running);
/// replay_check_instances(nap, &client, running).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The errors of [`replay_check`], for all that do not fit; [`ReplayCheckError::NothingToCheck`],
/// [`ReplayCheckError::Client`].
pub async fn replay_check_instances<F, A, O>(
    orchestrator: F,
    client: &Client,
    instances: Instances,
) -> Result<usize, ReplayCheckError>
where
    F: CalledBy<A, Call = ChildCall<O>>,
    O: Orchestrator,
{
    const PAGE: u32 = 100;
    let _ = orchestrator;
    let mut pages = instances.name(O::DEFINITION.name).page(PAGE);
    let mut checked = Vec::new();
    while let Some(page) = pages.next_page().await? {
        for info in page {
            if info.version() == O::DEFINITION.version {
                let instance = client.instance(info.id()).of::<O>();
                let saved = SavedHistory::of(&instance).await?;
                checked.push(check_saved::<O>(&saved));
            }
        }
    }
    all::<O>(checked)
}

fn all<O: Orchestrator>(
    checked: Vec<Result<(), ReplayCheckError>>,
) -> Result<usize, ReplayCheckError> {
    let count = checked.len();
    let mut failed: Vec<_> = checked.into_iter().filter_map(Result::err).collect();
    match failed.len() {
        0 if count == 0 => Err(ReplayCheckError::NothingToCheck {
            expected: name_of::<O>(),
        }),
        0 => Ok(count),
        1 => Err(failed.remove(0)),
        _ => Err(ReplayCheckError::Several(failed)),
    }
}

fn name_of<O: Orchestrator>() -> String {
    format!("{}@{}", O::DEFINITION.name, O::DEFINITION.version)
}

fn is_of<O: Orchestrator>(saved: &SavedHistory) -> bool {
    saved.name == O::DEFINITION.name && saved.version == O::DEFINITION.version
}

fn check_saved<O: Orchestrator>(saved: &SavedHistory) -> Result<(), ReplayCheckError> {
    if !is_of::<O>(saved) {
        return Err(ReplayCheckError::OtherOrchestrator {
            instance: saved.instance.clone(),
            found: format!("{}@{}", saved.name, saved.version),
            expected: name_of::<O>(),
        });
    }
    for saved_execution in &saved.executions {
        let execution = saved_execution.execution;
        let of_last = saved.input.clone();
        let turns = &saved_execution.turns;
        let checked = check_history::<O>(&saved.instance, execution, turns, of_last);
        checked.map_err(|report| ReplayCheckError::DoesNotFit {
            instance: saved.instance.clone(),
            execution: execution.0,
            report,
        })?;
    }
    Ok(())
}

/// Replays one execution; the error is the report. `input` is for one whose beginning is gone, as
/// it is before a checkpoint.
pub(crate) fn check_history<O: Orchestrator>(
    instance: &str,
    execution: Execution,
    history: &History,
    input: Option<Payload>,
) -> Result<(), String> {
    let mut config = EngineConfig::default().machine;
    config.strict_inputs = true;
    config.perturb = true;
    let mut row = row_of::<O>(instance, execution)?;
    row.input = input;
    if let Some(HistoryEvent::ExecutionStarted {
        input,
        parent,
        tags,
        custom_status,
        ..
    }) = history.events().next()
    {
        row.input.clone_from(input);
        row.parent.clone_from(parent);
        row.tags.clone_from(tags);
        row.custom_status.clone_from(custom_status);
    }
    match replay(&config, &row, history, &O::start) {
        Ok(_) => Ok(()),
        Err(ReplayError::Nondeterminism(found)) => Err(found.report(&config.line_of)),
        Err(other) => Err(other.to_string()),
    }
}

/// The row of the instance, as far as a replay looks at it.
fn row_of<O: Orchestrator>(instance: &str, execution: Execution) -> Result<InstanceRow, String> {
    Ok(InstanceRow {
        key: InstanceKey(1),
        unit: Unit(0),
        id: InstanceId::new(instance).map_err(|error| error.to_string())?,
        salt: Salt::default(),
        name: O::DEFINITION.name.to_owned(),
        version: O::DEFINITION.version.to_owned(),
        status: InstanceStatus::Running,
        execution,
        input: None,
        output: None,
        custom_status: None,
        stalled: None,
        tags: BTreeMap::new(),
        parent: None,
        start_at: None,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
        load_at_start: false,
        is_asked: false,
        checkpoint: None,
        command: String::new(),
        headers: BTreeMap::new(),
    })
}
