//! What others see of an instance: the requests of its clients show as if they were done.
//!
//! 1. A request (to suspend, to resume, to replace) is acknowledged once it is in the inbox, and
//!    done when the owner takes it in a turn. Whoever reads the instance in between sees it done.
//! 2. The visible row follows from the row that the owner wrote and from the requests in the inbox,
//!    in their order. It is computed again when a request is accepted and when a turn writes the
//!    row.
//! 3. An end shows only once it has come: another end may be quicker than a termination that is
//!    waiting, and a terminal status never changes.

use super::creation::pending_row;
use crate::clock::Timestamp;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::MessageBody;

/// A wish in the inbox, with the time when it was accepted.
pub(super) type Wish = (Timestamp, MessageBody);

/// What is seen of the instance while `wishes` wait; `None` when that is the row as it is. `begun`
/// says whether the first turn of its execution was recorded.
pub(super) fn shown(owned: &InstanceRow, mut begun: bool, wishes: &[Wish]) -> Option<InstanceRow> {
    let mut row = owned.clone();
    for (at, wish) in wishes {
        match wish {
            MessageBody::Replace(_) if mutant(Mutant::RestartNotShown) => continue,
            MessageBody::Suspend if mutant(Mutant::SuspensionNotShown) => continue,
            MessageBody::Replace(new) => {
                // Of the row as it shows by now: a second replacement that waits is one execution
                // further on.
                let execution = row.execution.next();
                row = pending_row(row.key, row.unit, execution, new, *at);
                // Its owner still has the old one to end.
                row.load_at_start = owned.load_at_start;
                begun = false;
            }
            // A wish that came too late is dropped.
            _ if row.status.is_terminal() => continue,
            MessageBody::Suspend => {
                row.status = InstanceStatus::Suspended;
                // A reason belongs to the status `Stalled`, which does not show now.
                row.stalled = None;
                row.updated_at = *at;
            }
            MessageBody::Resume if row.status == InstanceStatus::Suspended => {
                row.status = if begun {
                    InstanceStatus::Running
                } else {
                    InstanceStatus::Pending
                };
                row.updated_at = *at;
            }
            _ => {}
        }
        // Only for a wish that shows something, so that a row without any is stored once.
        row.is_asked = true;
    }
    row.is_asked.then_some(row)
}
