//! One attempt of an activity: runs the user's function within its limits on time.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::activity::ActivityContext;
use crate::activity::ActivityInvocation;
use crate::activity::AttemptEnd;
use crate::activity::AttemptHandle;
use crate::activity::States;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::failure::TimeLimit;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::panics::Catch;
use crate::payload::Payload;
use crate::registry::RegisteredActivity;
use crate::running::Computation;
use crate::running::Mark;
use crate::running::Running;
use crate::work::ActivityTask;

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct AttemptReport {
    pub(super) end: AttemptEnd,
    pub(super) heartbeat: Option<Payload>,
}

/// Runs the attempt. Dropping the future ends it.
pub(super) async fn run(
    task: ActivityTask,
    activity: RegisteredActivity,
    (context, handle): (ActivityContext, Arc<AttemptHandle>),
    states: Arc<States>,
    clock: Arc<dyn Clock>,
    (payload_limit, record): (usize, Running),
) -> AttemptReport {
    let of = Computation::attempt(task.key, task.execution, &task.path);
    let number = u64::from(task.attempt);
    // As the first thing in the attempt and not where it is spawned: an attempt that waits for a
    // thread takes no process down.
    let _begun = record.begin(Mark { of, number });
    let span = tracing::info_span!(
        "activity",
        name = %task.name,
        instance = %task.instance,
        attempt = task.attempt,
    );
    let invocation = ActivityInvocation {
        context,
        input: task.input.clone(),
        states,
    };
    // Caught here, inside the limits: a panic is a failure of this attempt and not of its thread.
    let body = Catch::new((activity.invoke)(invocation)).instrument(span);
    let end = tokio::select! {
        // The end first: an attempt that ended in time counts, although its limit has passed before
        // anybody looked.
        biased;
        ended = body => match ended {
            Ok(end) => within_limit(end, payload_limit),
            Err(panic) => failed(panic),
        },
        failure = limit_passed(&task, &handle, &*clock) => {
            // The token before the drop: blocking code sees only the token (A4).
            handle.cancel();
            failed(failure)
        }
    };
    AttemptReport {
        end,
        heartbeat: handle.last_heartbeat(),
    }
}

/// A panic may go away when it is tried again, and so may a time-out.
fn failed(failure: Failure) -> AttemptEnd {
    AttemptEnd::Failed {
        error: failure.into(),
        retryable: true,
    }
}

fn within_limit(end: AttemptEnd, limit: usize) -> AttemptEnd {
    match end {
        // Checked here and not in the turn: what is too large must not become a message, which
        // would be stored.
        AttemptEnd::Completed(result) if result.len() > limit => {
            let (actual, limit) = (result.len() as u64, limit as u64);
            let what = "the result of the activity".to_owned();
            let error = Failure::LimitExceeded {
                what,
                actual,
                limit,
            }
            .into();
            AttemptEnd::Failed {
                error,
                retryable: false,
            }
        }
        end => end,
    }
}

/// Completes when one of the attempt's limits on time is passed; never, if it has none.
async fn limit_passed(task: &ActivityTask, handle: &AttemptHandle, clock: &dyn Clock) -> Failure {
    // By the clock that nobody can set: see the table in `clock`.
    let attempt = async {
        match task.options.timeout {
            Some(after) if !mutant(Mutant::TimeoutIgnored) => {
                if mutant(Mutant::LimitByTheWallClock) {
                    clock.sleep_until(clock.now() + after).await;
                } else {
                    clock.sleep_for(after).await;
                }
                Failure::TimedOut {
                    limit: TimeLimit::Attempt,
                    after,
                }
            }
            _ => std::future::pending().await,
        }
    };
    let heartbeat = async {
        match task.options.heartbeat_timeout {
            Some(after) => silence(after, handle, clock).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        failure = attempt => failure,
        failure = heartbeat => failure,
    }
}

async fn silence(after: Duration, handle: &AttemptHandle, clock: &dyn Clock) -> Failure {
    loop {
        tokio::select! {
            biased;
            // Each heartbeat begins the silence anew.
            () = handle.heartbeat_received() => {}
            () = clock.sleep_for(after) => {
                return Failure::TimedOut { limit: TimeLimit::Heartbeat, after };
            }
        }
    }
}
