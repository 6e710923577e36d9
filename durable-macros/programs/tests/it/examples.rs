//! The examples that take checkpoints.

use durable_examples::monitor::Parcel;
use durable_examples::monitor::ParcelState;
use durable_examples::monitor::Watch;
use durable_examples::monitor::watch_parcel;
use durable_programs::Subject;
use durable_programs::check_both;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::clock::minutes;
use durable_runtime::clock::seconds;
use durable_runtime::failure::CallResult;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::work::ActivityTask;

/// The parcel is taken at the ninth look.
fn carrier(task: &ActivityTask) -> CallResult {
    let look: u32 = task.path.to_string().parse().unwrap();
    let state = match look {
        0..16 => ParcelState::Packed,
        _ => ParcelState::Shipped,
    };
    Ok(Payload::encode(&state).unwrap())
}

#[test]
fn the_monitor_goes_on_from_every_checkpoint() {
    for deadline in [minutes(60), seconds(20)] {
        let watch = Watch {
            parcel: Parcel {
                number: "P-1".to_owned(),
                taken_at: Timestamp::from_millis(0),
            },
            first_wait: seconds(1),
            longest_wait: seconds(8),
            deadline,
        };
        let input = Payload::encode(&watch).unwrap();
        let subject = |checkpoint_after| Subject {
            start: &watch_parcel::start,
            input: &input,
            checkpoint_after,
            work: carrier,
        };
        let checked = check_both(&subject(1), &subject(usize::MAX), "monitor");
        assert!(checked.checkpoints >= 4, "{checked:?}");
    }
}
