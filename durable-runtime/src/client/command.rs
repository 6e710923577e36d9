//! The ids of commands, by which the store recognises a repeated one.

use crate::ids::InstanceId;

/// The id of a command that only the client itself repeats.
pub(crate) fn fresh() -> String {
    InstanceId::generate().into()
}

/// The id of the command that raises an event with a `dedup_id`. Events of other names may use the same
/// `dedup_id`.
pub(super) fn deduplicated(event: &str, dedup_id: &str) -> String {
    // By the name as it is matched (E1): `Approve` and `approve` with one id are one event.
    format!("{}:{dedup_id}", event.to_lowercase())
}

/// The id of the command that withdraws a signal that another command sent. No operation and no event
/// has a name that begins like this, so no other command has this id.
pub(super) fn withdrawing(sent: &str) -> String {
    format!("/withdraw/{sent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_different_names_do_not_share_a_dedup_id() {
        assert_ne!(deduplicated("approve", "1"), deduplicated("reject", "1"));
    }

    #[test]
    fn event_names_that_differ_in_case_share_a_dedup_id() {
        assert_eq!(deduplicated("Approve", "1"), deduplicated("approve", "1"));
    }
}
