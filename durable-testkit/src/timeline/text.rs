//! A timeline as text, for people and for snapshots.

use std::fmt;

use super::Timeline;
use super::TimelineTurn;

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.name, self.instance)?;
        for turn in &self.turns {
            write!(f, "\n{turn}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TimelineTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (execution, number, at) = (self.execution, self.number, self.at);
        write!(f, "turn {execution}.{number} at {at}")?;
        for line in &self.lines {
            let arrow = if line.incoming { "->" } else { "  " };
            write!(f, "\n  {arrow} {}", line.text)?;
            if let Some(site) = &line.site {
                write!(f, "    # {site}")?;
            }
        }
        if let Some(status) = &self.custom_status {
            write!(f, "\n  status {}", status.as_text())?;
        }
        if !self.waits.is_empty() {
            let waits: Vec<_> = self.waits.iter().map(ToString::to_string).collect();
            write!(f, "\n  waits: {}", waits.join(", "))?;
        }
        Ok(())
    }
}
