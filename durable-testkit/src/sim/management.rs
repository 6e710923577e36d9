//! What a client does with an instance besides starting it: suspends, cancels and ends it, and when
//! it is over restarts, copies and purges it.

use durable_runtime::InstanceId;
use durable_runtime::client::ClientError;
use durable_runtime::commands::Commands;
use durable_runtime::commands::Control;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::work::InstanceStatus;

use crate::client::Clients;
use crate::draw::Draw;
use crate::workload::Planned;

/// What is done while an instance is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddle {
    /// Suspended, and resumed when so much time has passed.
    Suspend {
        millis: u64,
    },
    Terminate {
        recursive: bool,
    },
    Cancel {
        grace_millis: u64,
    },
    /// Resumed without having been suspended.
    Resume,
}

/// What is done with an instance that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Started once more under its own id.
    Restart,
    /// Started once more under another.
    Copy,
    Purge,
    /// Purged, and started under the same id.
    PurgeAndStart,
}

/// Random management of one instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Management {
    pub(crate) live: Vec<Meddle>,
    pub(crate) after: Vec<After>,
}

impl Management {
    pub(crate) fn drawn(draw: &mut Draw, of: &Planned) -> Self {
        let live: Vec<_> = (0..draw.below(4)).map(|_| Meddle::drawn(draw)).collect();
        let ends = live.iter().any(|meddle| meddle.ends());
        let mut after = Vec::new();
        // What was raised is for one life only, some families take hours, and what a cancelled lap
        // took note of is in the input of the next.
        let once = of.raises > 0 || of.workload == "family" || of.workload == "laps" && ends;
        if !once {
            if draw.chance(25) {
                after.push(After::Copy);
            }
            if draw.chance(30) {
                after.push(After::Restart);
            }
            // The ids that it makes up, and those of its sub-orchestrations, are the same in both
            // lives.
            let makes_up = matches!(of.workload, "laps" | "counting" | "transfer");
            if draw.chance(20) && !ends && !makes_up {
                after.push(After::PurgeAndStart);
            }
        }
        if draw.chance(25) {
            after.push(After::Purge);
        }
        Self { live, after }
    }

    /// Whether the instance may be terminated.
    pub(crate) fn terminates(&self) -> bool {
        let ends = |meddle: &Meddle| matches!(meddle, Meddle::Terminate { .. });
        self.live.iter().any(ends)
    }

    /// Whether its sub-orchestrations may live on when it is terminated.
    pub(crate) fn spares_children(&self) -> bool {
        let spares = |meddle: &Meddle| matches!(meddle, Meddle::Terminate { recursive: false });
        self.live.iter().any(spares)
    }

    /// Whether the instance may be cancelled.
    pub(crate) fn cancels(&self) -> bool {
        let ends = |meddle: &Meddle| matches!(meddle, Meddle::Cancel { .. });
        self.live.iter().any(ends)
    }
}

impl Meddle {
    fn drawn(draw: &mut Draw) -> Self {
        match draw.below(10) {
            0..5 => Self::Suspend {
                millis: draw.below(20_000),
            },
            5 | 6 => Self::Terminate {
                recursive: draw.chance(70),
            },
            7 | 8 => Self::Cancel {
                grace_millis: draw.below(30_000),
            },
            _ => Self::Resume,
        }
    }

    fn ends(self) -> bool {
        matches!(self, Self::Terminate { .. } | Self::Cancel { .. })
    }
}

impl Clients {
    /// Does what is planned for the time in which the instance is live.
    pub(crate) async fn meddle(&self, id: &InstanceId, planned: &Planned) {
        for meddle in &planned.management.live {
            self.pause(8_000).await;
            let went_on = match *meddle {
                Meddle::Suspend { millis } => {
                    self.tell(id, Control::Suspend).await && {
                        self.look_suspended(id).await;
                        self.pause(millis.max(1)).await;
                        self.tell(id, Control::Resume).await
                    }
                }
                Meddle::Resume => self.tell(id, Control::Resume).await,
                Meddle::Terminate { recursive } => {
                    let reason = "planned".to_owned();
                    let control = Control::Terminate { reason, recursive };
                    self.tell(id, control).await
                }
                Meddle::Cancel { grace_millis } => {
                    let grace = std::time::Duration::from_millis(grace_millis);
                    self.tell(id, Control::Cancel { grace }).await
                }
            };
            if !went_on {
                return;
            }
        }
    }

    /// Tells an instance something until that is durable. Returns whether it was still live.
    pub(crate) async fn tell(&self, id: &InstanceId, control: Control) -> bool {
        let what = match &control {
            Control::Terminate { .. } => "told to terminate",
            Control::Cancel { .. } => "told to cancel",
            Control::Suspend => "told to suspend",
            _ => "told to resume",
        };
        let command = self.fresh_command();
        loop {
            let commands = self.commands(false);
            let told = commands.control(id, control.clone(), &command).await;
            self.world.note(format_args!("{id} is {what}: {told:?}"));
            match told {
                Ok(()) => {
                    self.world.count(what);
                    return true;
                }
                Err(ClientError::AlreadyFinished { .. }) => return false,
                Err(ClientError::NotFound { .. }) => {
                    let lost = format!("1: `{id}` was started and is not there");
                    self.world.violation(lost);
                    return false;
                }
                Err(_) => self.clock.sleep(100).await,
            }
        }
    }

    /// Whoever was told that an instance is suspended sees that.
    async fn look_suspended(&self, id: &InstanceId) {
        if let Ok(row) = self.commands(true).instance(id).await
            && !row.status.is_terminal()
            && row.status != InstanceStatus::Suspended
        {
            let what = format!("1: `{id}` was suspended and is seen {}", row.status);
            self.world.violation(what);
        }
    }

    /// Does what is planned for the time after the end.
    pub(crate) async fn afterwards(&self, number: usize, id: &InstanceId, planned: &Planned) {
        for after in &planned.management.after {
            self.pause(4_000).await;
            match after {
                After::Restart => self.restart(number, id, planned).await,
                After::Copy => self.copy(number, id, planned).await,
                After::Purge => {
                    self.purge(id).await;
                    self.record(number, |record| record.purged = true);
                }
                After::PurgeAndStart => {
                    self.purge(id).await;
                    self.record(number, |record| record.terminated = None);
                    self.start(id, planned).await;
                    self.wait(number, id, planned).await;
                }
            }
        }
    }

    async fn restart(&self, number: usize, id: &InstanceId, planned: &Planned) {
        self.record(number, |record| record.terminated = None);
        let before = loop {
            match self.commands(true).instance(id).await {
                Ok(row) => break row,
                Err(_) => self.clock.sleep(100).await,
            }
        };
        let command = self.fresh_command();
        loop {
            let restarted = self.commands(false).restart(id, None, &command).await;
            self.world.note(format_args!(
                "restart of {id}: {:?}",
                restarted.as_ref().err()
            ));
            match restarted {
                Ok(_) => break,
                Err(_) => self.clock.sleep(100).await,
            }
        }
        self.world.count("restarted");
        loop {
            match self.commands(true).instance(id).await {
                Ok(row) if row.command == before.command => {
                    let what = format!("1: `{id}` was restarted and its old end is seen");
                    return self.world.violation(what);
                }
                Ok(_) => break,
                Err(_) => self.clock.sleep(100).await,
            }
        }
        self.wait(number, id, planned).await;
    }

    async fn copy(&self, number: usize, id: &InstanceId, planned: &Planned) {
        let Ok(other) = InstanceId::new(format!("{id}-copy")) else {
            return;
        };
        let command = self.fresh_command();
        loop {
            let commands = self.commands(false);
            match commands.restart(id, Some(other.clone()), &command).await {
                Ok(_) => break,
                Err(_) => self.clock.sleep(100).await,
            }
        }
        self.world.count("restarted under another id");
        // Its end is not that of the instance.
        let terminated = self.terminated(number);
        self.wait(number, &other, planned).await;
        self.record(number, |record| record.terminated = terminated);
        self.record(number, |record| record.copy = Some(other));
    }

    async fn purge(&self, id: &InstanceId) {
        let filter = InstanceFilter {
            id: Some(id.clone()),
            ..InstanceFilter::default()
        };
        while let Err(error) = self.commands(false).purge(&filter, true, None).await {
            self.world.note(format_args!("purge of {id}: {error}"));
            self.clock.sleep(100).await;
        }
        self.world.note(format_args!("{id} is purged"));
        self.world.count("purged");
        loop {
            match self.commands(true).instance(id).await {
                Err(ClientError::NotFound { .. }) => return,
                Ok(row) => {
                    let status = row.status;
                    self.world
                        .violation(format!("1: `{id}` was purged and is {status}"));
                    return;
                }
                Err(_) => self.clock.sleep(100).await,
            }
        }
    }
}
