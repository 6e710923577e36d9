//! A timeline as a sequence diagram.

use std::fmt::Write as _;

use durable_runtime::history::HistoryEvent;

use super::Timeline;

impl Timeline {
    /// Returns the timeline as a Mermaid sequence diagram.
    pub fn to_mermaid(&self) -> String {
        let mut text = format!(
            "sequenceDiagram\n    participant O as {}\n",
            escaped(&self.name)
        );
        for turn in &self.turns {
            for (event, line) in turn.events.iter().zip(&turn.lines) {
                let (from, arrow, to) = ends(event);
                let _ = writeln!(text, "    {from}{arrow}{to}: {}", escaped(&line.text));
            }
            if let Some(status) = &turn.custom_status {
                let _ = writeln!(text, "    Note over O: {}", escaped(status.as_text()));
            }
        }
        text
    }
}

fn ends(event: &HistoryEvent) -> (&'static str, &'static str, &'static str) {
    use HistoryEvent as E;
    match event {
        E::ExecutionStarted { .. } | E::EventRaised { .. } | E::ExecutionTerminated { .. } => {
            ("Outside", "->>", "O")
        }
        E::ActivityScheduled { .. } => ("O", "->>", "Activities"),
        E::ActivityCompleted { .. }
        | E::ActivityFailed { .. }
        | E::ActivityAttemptFailed { .. }
        | E::ActivityAttemptLost { .. }
        | E::ActivityRetried { .. } => ("Activities", "-->>", "O"),
        E::ChildScheduled { .. } => ("O", "->>", "Children"),
        E::ChildCompleted { .. } | E::ChildFailed { .. } => ("Children", "-->>", "O"),
        E::TimerCreated { .. } => ("O", "->>", "Timers"),
        E::TimerFired { .. } | E::DeadlinePassed { .. } => ("Timers", "-->>", "O"),
        E::ExecutionCompleted { .. } | E::ExecutionFailed { .. } => ("O", "-->>", "Outside"),
        _ => ("O", "->>", "O"),
    }
}

/// Mermaid ends a message at a semicolon, and takes `#` for the begin of an entity.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;")
        .replace(';', "#59;")
        .replace('\n', " ")
}
