//! The findings of a comparison.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use super::LockError;
use crate::definition::SourcePlace;

/// What a change means for running instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// They survive it.
    Safe,
    /// They may not survive it: the change needs a new version, or `ctx.patched("…")` around it.
    Breaking,
}

/// A difference between the lock file and today's code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The orchestrator, as `name@version`.
    pub orchestrator: String,
    /// What it means for running instances.
    pub verdict: Verdict,
    /// What changed.
    pub change: String,
    /// The place in today's source, if it is still there.
    pub place: Option<SourcePlace>,
}

impl Finding {
    pub(super) fn breaking(change: impl Into<String>, place: Option<&SourcePlace>) -> Self {
        Self::new(Verdict::Breaking, change, place)
    }

    pub(super) fn safe(change: impl Into<String>) -> Self {
        Self::new(Verdict::Safe, change, None)
    }

    fn new(verdict: Verdict, change: impl Into<String>, place: Option<&SourcePlace>) -> Self {
        Self {
            orchestrator: String::new(),
            verdict,
            change: change.into(),
            place: place.cloned(),
        }
    }

    pub(super) fn of(mut self, name: &str, version: &str) -> Self {
        self.orchestrator = format!("{name}@{version}");
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.orchestrator, self.change)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        Ok(())
    }
}

/// Why a check did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Running instances would not survive.
    #[error(
        "running instances would not survive this code\n{}\n\
         help: give the orchestrator a new version and keep the old one registered beside it, or \
         make the change under `if ctx.patched(\"…\")`; if no instance is left that the change \
         would affect, run this again with DURABLE_LOCK=update",
        listed(findings)
    )]
    Breaking {
        /// Every difference, including the safe ones.
        findings: Vec<Finding>,
    },
    /// Running instances would survive, but the lock file does not have this code yet.
    #[error(
        "{} does not contain this code yet; running instances survive the change\n{}\n\
         help: run this again with DURABLE_LOCK=update and commit the file with the change",
        path.display(), listed(findings)
    )]
    OutOfDate {
        /// The lock file.
        path: PathBuf,
        /// Every difference.
        findings: Vec<Finding>,
    },
    /// The lock file cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl CheckError {
    pub(super) fn unless_fine(path: &Path, findings: Vec<Finding>) -> Result<(), Self> {
        // One breaking change decides, however many safe ones stand beside it.
        let worst = findings.iter().map(|finding| finding.verdict).max();
        match worst {
            None => Ok(()),
            Some(Verdict::Safe) => Err(Self::OutOfDate {
                path: path.to_owned(),
                findings,
            }),
            Some(Verdict::Breaking) => Err(Self::Breaking { findings }),
        }
    }

    /// Returns the differences.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Breaking { findings } | Self::OutOfDate { findings, .. } => findings,
            Self::Lock(_) => &[],
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::OutOfDate { .. } => ExitCode::from(1),
            Self::Lock(_) => ExitCode::from(2),
            Self::Breaking { .. } => ExitCode::from(3),
        }
    }
}

fn listed(findings: &[Finding]) -> String {
    let line = |finding: &Finding| match finding.verdict {
        Verdict::Safe => format!("- safe: {finding}"),
        Verdict::Breaking => format!("- {finding}"),
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
