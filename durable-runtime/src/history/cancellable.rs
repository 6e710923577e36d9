//! The calls of a history that a cancellation fails.

use std::collections::BTreeSet;

use super::HistoryEvent;
use crate::ids::CallPath;

/// Follows a history, and tells which calls failed because the instance was cancelled: for them no
/// event of their own is recorded.
///
/// ```
/// use durable_runtime::Timestamp;
/// use durable_runtime::definition::SourcePlace;
/// use durable_runtime::history::Cancellable;
/// use durable_runtime::history::HistoryEvent;
/// use durable_runtime::ids::CallPath;
///
/// let path = CallPath::root().child(0);
/// let called = HistoryEvent::ActivityScheduled {
///     path: path.clone(),
///     name: "charge_card".to_owned(),
///     input: None,
///     options: Box::default(),
///     shielded: false,
///     site: SourcePlace("src/orders.rs:12:5".to_owned()),
/// };
/// let at = Timestamp::from_millis(1_000);
/// let cancelled = HistoryEvent::CancelRequested { at, deadline: at };
///
/// let mut cancellable = Cancellable::default();
/// assert_eq!(cancellable.failed_by(&called), []);
/// assert_eq!(cancellable.failed_by(&cancelled), [path]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancellable(BTreeSet<CallPath>);

impl Cancellable {
    /// Takes in the next event of the history. Returns the calls that it failed, ascending, if it is
    /// a cancellation.
    pub fn failed_by(&mut self, event: &HistoryEvent) -> Vec<CallPath> {
        if let HistoryEvent::CancelRequested { .. } = event {
            return std::mem::take(&mut self.0).into_iter().collect();
        }
        match event.path() {
            Some(path) if event.fails_when_cancelled() => {
                self.0.insert(path.clone());
            }
            Some(path) if event.ends_call() => {
                self.0.remove(path);
            }
            _ => {}
        }
        Vec::new()
    }
}
