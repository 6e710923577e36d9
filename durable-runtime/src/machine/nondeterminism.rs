//! Code that does not repeat its earlier decisions, reported with both places in the source.

use std::fmt::Write as _;

use annotate_snippets::AnnotationKind;
use annotate_snippets::Group;
use annotate_snippets::Level;
use annotate_snippets::Origin;
use annotate_snippets::Renderer;
use annotate_snippets::Snippet;

use crate::definition::CallOptions;
use crate::definition::SourcePlace;
use crate::history::Checkpoint;
use crate::history::HistoryEvent;
use crate::payload::Payload;

/// How a replay differs from what was recorded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// The code makes a call that was not recorded there.
    NotRecorded {
        /// What the code does now.
        current: Box<HistoryEvent>,
    },
    /// The code makes another call than the recorded one.
    OtherCall {
        /// What was recorded.
        recorded: Box<HistoryEvent>,
        /// What the code does now.
        current: Box<HistoryEvent>,
    },
    /// The code makes the recorded call with another input.
    InputDrift {
        /// What was recorded.
        recorded: Box<HistoryEvent>,
        /// What the code does now.
        current: Box<HistoryEvent>,
    },
    /// The code records a local value where something else, or nothing, was recorded.
    SideEffect {
        /// What was recorded.
        recorded: Option<Box<HistoryEvent>>,
        /// The place in the code.
        site: SourcePlace,
    },
    /// The code no longer does what was recorded.
    Missing {
        /// What was recorded.
        recorded: Box<HistoryEvent>,
    },
    /// The code drops a call that was not dropped there.
    NotCancelled {
        /// The path of that call.
        path: crate::ids::CallPath,
        /// The place where the code makes it.
        site: SourcePlace,
    },
    /// The code rejects an event that was accepted.
    Rejected {
        /// The event's name.
        name: String,
        /// The place where the code waits for it.
        site: SourcePlace,
    },
    /// The code saves another state at the head of a loop.
    Checkpoint {
        /// What was recorded.
        recorded: Box<HistoryEvent>,
        /// What the code saves now.
        current: Box<HistoryEvent>,
    },
    /// The code ends where it did not end, or in another way.
    OtherEnd {
        /// How it ended, if it did.
        recorded: Option<Box<HistoryEvent>>,
        /// How it ends now, if it does.
        current: Option<Box<HistoryEvent>>,
    },
}

/// What a run is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Against {
    /// The record. The code may have been edited since.
    History,
    /// What the same code did with the same messages just before.
    Twin,
}

/// A run that differs from earlier decisions.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("non-deterministic: {}", self.headline())]
pub struct Nondeterminism {
    /// The turn in which it differs.
    pub turn: u64,
    /// What it was compared with.
    pub against: Against,
    /// The difference.
    pub difference: Difference,
}

impl Nondeterminism {
    /// Returns the report for people: what was recorded and what the code does now, each with its
    /// line. `line_of` returns a line of a source file, if it can be read.
    pub fn report(&self, line_of: &dyn Fn(&str, usize) -> Option<String>) -> String {
        let (recorded, current) = self.difference.sides();
        let headline = format!("{self}");
        let mut groups = vec![Group::with_title(
            Level::ERROR.primary_title(headline.as_str()),
        )];
        let (before, again) = match self.against {
            Against::History => ("recorded", "now"),
            Against::Twin => ("the first time", "the second time"),
        };
        let recorded_text = recorded
            .as_ref()
            .map(|(what, _)| format!("{before}: {what}"));
        let current_text = current.as_ref().map(|(what, _)| format!("{again}: {what}"));
        let recorded_line = recorded
            .as_ref()
            .and_then(|(_, site)| lines(site.as_ref(), line_of));
        let current_line = current
            .as_ref()
            .and_then(|(_, site)| lines(site.as_ref(), line_of));
        if let Some(text) = &recorded_text {
            groups.push(group(text, recorded_line.as_ref()));
        }
        if let Some(text) = &current_text {
            groups.push(group(text, current_line.as_ref()));
        }
        let mut report = Renderer::plain().render(&groups);
        let help = match self.against {
            Against::History => {
                "run the code that recorded this history, or make the change under \
                 `ctx.patched(\"…\")`, or give the orchestrator a new version"
            }
            Against::Twin => {
                "something that it reads is not the same twice: the order of a hash map or set, a \
                 clock, a random number, a static. Order comes from a `BTreeMap`, time and random \
                 numbers from the context, anything else from an activity or `ctx.side_effect`"
            }
        };
        let _ = write!(report, "\nhelp: {help}");
        report
    }

    fn headline(&self) -> String {
        let (turn, what) = (self.turn, self.difference.headline(self.against));
        match self.against {
            Against::History => format!("turn {turn} of the history does not fit the code: {what}"),
            Against::Twin => {
                format!("turn {turn} comes out differently when it is run twice: {what}")
            }
        }
    }
}

struct Line {
    file: String,
    number: usize,
    column: usize,
    text: Option<String>,
}

fn lines(
    site: Option<&SourcePlace>,
    line_of: &dyn Fn(&str, usize) -> Option<String>,
) -> Option<Line> {
    let (file, number, column) = site?.parts()?;
    Some(Line {
        file: file.to_owned(),
        number,
        column,
        text: line_of(file, number),
    })
}

fn group<'a>(title: &'a str, line: Option<&'a Line>) -> Group<'a> {
    let group = Group::with_title(Level::NOTE.secondary_title(title));
    let Some(line) = line else { return group };
    if let Some(text) = &line.text {
        let from = byte_of(text, line.column);
        let span = from..text.trim_end().len().max(from);
        let snippet = Snippet::source(text.as_str())
            .line_start(line.number)
            .path(line.file.as_str())
            .annotation(AnnotationKind::Primary.span(span));
        return group.element(snippet);
    }
    let origin = Origin::path(line.file.as_str()).line(line.number);
    group.element(origin.char_column(line.column))
}

fn byte_of(text: &str, column: usize) -> usize {
    let at = text.char_indices().nth(column.saturating_sub(1));
    at.map_or(text.trim_end().len(), |(byte, _)| byte)
}

type Side = Option<(String, Option<SourcePlace>)>;

impl Difference {
    fn headline(&self, against: Against) -> &'static str {
        match against {
            Against::History => self.headline_against_history(),
            Against::Twin => self.headline_against_twin(),
        }
    }

    fn headline_against_twin(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "the second time it makes one more call",
            Self::OtherCall { .. } => "the second time it makes another call",
            Self::InputDrift { .. } => "the second time it makes the call with another input",
            Self::SideEffect { .. } => "the second time it records one more local value",
            Self::Missing { .. } => "the second time it does not do what it did the first time",
            Self::NotCancelled { .. } => "the second time it drops one more call",
            Self::Rejected { .. } => "the second time it rejects an event that it accepted",
            Self::Checkpoint { .. } => "the second time it saves another state at a loop",
            Self::OtherEnd { .. } => "the second time it ends otherwise",
        }
    }

    fn headline_against_history(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "it makes a call that was not recorded",
            Self::OtherCall { .. } => "it makes another call than the recorded one",
            Self::InputDrift { .. } => "it makes the recorded call with another input",
            Self::SideEffect { .. } => "it records a local value that was not recorded",
            Self::Missing { .. } => "it does not do what was recorded",
            Self::NotCancelled { .. } => "it drops a call that was not dropped",
            Self::Rejected { .. } => "it rejects an event that was accepted",
            Self::Checkpoint { .. } => "it saves another state at the head of a loop",
            Self::OtherEnd { .. } => "it ends otherwise than recorded",
        }
    }

    fn sides(&self) -> (Side, Side) {
        let told = |event: &HistoryEvent| Some((describe(event), site_of(event).cloned()));
        match self {
            Self::NotRecorded { current } => (None, told(current)),
            Self::OtherCall { recorded, current } => both(recorded, current),
            Self::InputDrift { recorded, current } | Self::Checkpoint { recorded, current } => {
                (told(recorded), told(current))
            }
            Self::SideEffect { recorded, site } => (
                recorded.as_deref().and_then(told),
                Some((
                    "a local value (`side_effect`)".to_owned(),
                    Some(site.clone()),
                )),
            ),
            Self::Missing { recorded } => (told(recorded), None),
            Self::NotCancelled { path, site } => (
                None,
                Some((format!("call {path} is dropped"), Some(site.clone()))),
            ),
            Self::Rejected { name, site } => (
                None,
                Some((
                    format!("event `{name}` does not decode"),
                    Some(site.clone()),
                )),
            ),
            Self::OtherEnd { recorded, current } => (
                recorded.as_deref().and_then(told),
                current.as_deref().and_then(told),
            ),
        }
    }
}

/// The two calls; where they read alike, with their options.
fn both(recorded: &HistoryEvent, current: &HistoryEvent) -> (Side, Side) {
    let alike = describe(recorded) == describe(current);
    let told = |event: &HistoryEvent| {
        let options = if alike {
            options_of(event)
        } else {
            String::new()
        };
        let text = format!("{}{options}", describe(event));
        Some((text, site_of(event).cloned()))
    };
    (told(recorded), told(current))
}

fn options_of(event: &HistoryEvent) -> String {
    match event {
        HistoryEvent::ActivityScheduled { options, .. } => format!(", with {options:?}"),
        HistoryEvent::ChildScheduled {
            version, options, ..
        } => format!(", version {version:?}, with {options:?}"),
        HistoryEvent::EntityCalled { options, .. } if **options != CallOptions::default() => {
            format!(", with {options:?}")
        }
        HistoryEvent::EntitySignalled { due: Some(due), .. } => format!(", due {due}"),
        _ => String::new(),
    }
}

fn site_of(event: &HistoryEvent) -> Option<&SourcePlace> {
    match event {
        HistoryEvent::ActivityScheduled { site, .. }
        | HistoryEvent::ChildScheduled { site, .. }
        | HistoryEvent::TimerCreated { site, .. }
        | HistoryEvent::WaitStarted { site, .. }
        | HistoryEvent::EntityCalled { site, .. }
        | HistoryEvent::EntitySignalled { site, .. }
        | HistoryEvent::LockRequested { site, .. } => Some(site),
        HistoryEvent::CheckpointTaken { checkpoint } => Some(&checkpoint.site),
        _ => None,
    }
}

fn describe(event: &HistoryEvent) -> String {
    match event {
        HistoryEvent::ActivityScheduled {
            path,
            name,
            input: arguments,
            ..
        } => {
            format!(
                "activity `{name}`({}), call {path}",
                input_text(arguments.as_ref())
            )
        }
        HistoryEvent::ChildScheduled {
            path,
            name,
            instance,
            input: arguments,
            ..
        } => {
            format!(
                "sub-orchestration `{name}`({}) as `{instance}`, call {path}",
                input_text(arguments.as_ref())
            )
        }
        HistoryEvent::TimerCreated { path, due, .. } => format!("timer due {due}, call {path}"),
        HistoryEvent::WaitStarted { path, event, .. } => {
            format!("wait for event `{event}`, call {path}")
        }
        HistoryEvent::EntityCalled {
            path,
            entity,
            operation,
            input: arguments,
            lock,
            ..
        } => {
            let locked = if lock.is_some() { ", locked" } else { "" };
            let arguments = input_text(arguments.as_ref());
            format!("call of {entity} `{operation}`({arguments}){locked}, call {path}")
        }
        HistoryEvent::EntitySignalled {
            path,
            entity,
            operation,
            input: arguments,
            ..
        } => {
            let arguments = input_text(arguments.as_ref());
            format!("signal to {entity} `{operation}`({arguments}), call {path}")
        }
        HistoryEvent::LockRequested { path, entities, .. } => {
            let names: Vec<_> = entities.iter().map(ToString::to_string).collect();
            format!("lock of {}, call {path}", names.join(", "))
        }
        HistoryEvent::LockReleased { path } => format!("lock {path} given back"),
        HistoryEvent::SideEffectRecorded { path, value } => {
            format!("local value {}, call {path}", shorten(value.as_text()))
        }
        HistoryEvent::CallCancelled { path } => format!("call {path} dropped"),
        HistoryEvent::PatchMarked { change, .. } => format!("`patched({change:?})`"),
        HistoryEvent::EventRejected { name, .. } => format!("event `{name}` rejected"),
        HistoryEvent::CheckpointTaken { checkpoint } => describe_checkpoint(checkpoint),
        HistoryEvent::ContinuedAsNew { input: None } => "continue-as-new".to_owned(),
        HistoryEvent::ContinuedAsNew { input } => {
            format!("continue-as-new with {}", input_text(input.as_ref()))
        }
        HistoryEvent::ExecutionCompleted { result } => {
            format!("completed with {}", shorten(result.as_text()))
        }
        HistoryEvent::ExecutionFailed { error } => format!("failed: {}", error.message()),
        other => format!("{other:?}"),
    }
}

fn describe_checkpoint(checkpoint: &Checkpoint) -> String {
    let values = checkpoint.values.iter();
    let values: Vec<_> = values
        .map(|(name, value)| format!("`{name}` = {}", shorten(value.as_text())))
        .collect();
    let (head, calls) = (checkpoint.head, checkpoint.calls);
    let values = values.join(", ");
    format!("checkpoint at loop {head} before call {calls} with {values}")
}

fn input_text(input: Option<&Payload>) -> String {
    input
        .map(|input| shorten(input.as_text()))
        .unwrap_or_default()
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
