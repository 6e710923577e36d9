//! One run by a schedule.

use std::collections::BTreeSet;

use durable_runtime::clock::Clock;
use durable_runtime::ids::fnv1a64;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::work::Output;

use super::choice::Choice;
use super::scenario::Scenario;
use crate::TestHub;
use crate::TestInstance;
use crate::hub::Operation;

/// An instance that is moved choice by choice.
pub(super) struct Run<'a, O: Orchestrator> {
    hub: TestHub,
    pub(super) instance: TestInstance<O>,
    scenario: &'a Scenario<O>,
    done: BTreeSet<String>,
}

impl<'a, O: Orchestrator> Run<'a, O> {
    pub(super) async fn begin(
        hub: TestHub,
        instance: TestInstance<O>,
        scenario: &'a Scenario<O>,
    ) -> Self {
        hub.quiet().await;
        Self {
            hub,
            instance,
            scenario,
            done: BTreeSet::new(),
        }
    }

    /// How it ended, once it has.
    pub(super) async fn output(&self) -> Option<Output> {
        self.instance.output().await
    }

    /// What can arrive now.
    pub(super) async fn choices(&self) -> Vec<Choice> {
        let ready = self.hub.attempts().ready(self.hub.now());
        let mut choices: Vec<_> = ready
            .into_iter()
            .map(|ready| Choice::Result(ready.name.to_owned(), ready.number + 1))
            .collect();
        for (name, _) in &self.scenario.actions {
            if !self.done.contains(name) {
                choices.push(Choice::Action(name.clone()));
            }
        }
        if self.hub.next_due().await.is_some() {
            choices.push(Choice::Time);
        }
        choices.sort();
        choices
    }

    /// Lets something arrive.
    ///
    /// # Panics
    /// When it cannot arrive now: the schedule is that of other code.
    pub(super) async fn take(&mut self, choice: &Choice) {
        if !self.choices().await.contains(choice) {
            self.instance.fail(&format!("cannot get `{choice}` now"));
        }
        match choice {
            Choice::Result(name, number) => self.hub.let_arrive(name, number - 1).await,
            Choice::Time => self.hub.move_to_next_due().await,
            Choice::Action(name) => {
                let action = self
                    .scenario
                    .actions
                    .iter()
                    .find(|(other, _)| other == name);
                if let Some((_, act)) = action {
                    act(self.instance.clone()).await;
                }
                self.done.insert(name.clone());
            }
        }
        self.hub.quiet().await;
    }

    /// Where it stands, whatever the order in which it came there.
    pub(super) async fn state(&self) -> u64 {
        let mut lines = Vec::new();
        for written in self.hub.recorded().written() {
            if let Operation::Commit(turns) = written.operation {
                for turn in turns {
                    lines.extend(turn.history.iter().flat_map(|row| {
                        let events: Vec<serde_json::Value> =
                            serde_json::from_str(&row.events).unwrap_or_default();
                        let key = turn.key;
                        let execution = row.execution;
                        let lines = events.into_iter().map(move |mut event| {
                            without_time(&mut event);
                            format!("{key} {execution} {event}")
                        });
                        lines.collect::<Vec<_>>()
                    }));
                    let status = turn.update.map(|update| update.custom_status);
                    lines.extend(status.map(|status| format!("status {status:?}")));
                }
            }
        }
        lines.sort();
        // A status that was set again on the way is the same status.
        lines.dedup_by(|a, b| a == b && a.starts_with("status"));
        lines.push(format!("at {}", self.hub.clock().now()));
        lines.push(format!("{:?} {:?}", self.done, self.choices().await));
        fnv1a64(lines.join("\n").as_bytes())
    }
}

/// When something came is no part of what came.
fn without_time(event: &mut serde_json::Value) {
    let fields = event.as_object_mut().and_then(|event| {
        let (_, fields) = event.iter_mut().next()?;
        fields.as_object_mut()
    });
    if let Some(fields) = fields {
        fields.remove("at");
    }
}
