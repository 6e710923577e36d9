//! What the commands mean, for one orchestrator that counts events: written from semantics.md, with
//! nothing of the engine in it.

use std::collections::VecDeque;
use std::time::Duration;

use durable_runtime::work::InstanceStatus;

use super::CLEANING;
use super::DELAY;
use super::GRACE;
use super::IDS;
use super::LIMIT;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Fail,
    Use,
    ReplaceEnded,
    ReplaceAny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Start {
        id: usize,
        enough: u64,
        delayed: bool,
        policy: Policy,
    },
    Raise(usize),
    Suspend(usize),
    Resume(usize),
    Terminate(usize),
    Cancel(usize),
    Restart(usize),
    Purge(usize),
    /// Time passes, and whatever can be done is done.
    Pass(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    AlreadyExists(InstanceStatus),
    NotFound,
    AlreadyFinished(InstanceStatus),
    StillRunning(InstanceStatus),
}

/// What can be seen of an instance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: InstanceStatus,
    pub(super) execution: u32,
    pub(super) output: Option<u64>,
    pub(super) unread: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    enough: u64,
    at: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Start,
    Go,
    Suspend,
    Resume,
    Terminate,
    Cancel,
    Replace(Start),
    Late,
    Cleaned,
    GraceOver,
}

impl Told {
    /// Whether it means nothing to the execution after the one that it is for.
    fn is_of_one_execution(self) -> bool {
        matches!(
            self,
            Self::Start | Self::Late | Self::Cleaned | Self::GraceOver
        )
    }
}

/// Something that an instance is told, and since when it waits for it.
type Message = (Duration, Told);

#[derive(Debug)]
struct Instance {
    status: InstanceStatus,
    execution: u32,
    start: Start,
    output: Option<u64>,
    inbox: VecDeque<Message>,
    /// What came before its time: before the start, or while it was suspended.
    kept: Vec<Message>,
    begun: bool,
    /// The time as the orchestrator sees it.
    now: Duration,
    count: u64,
    /// Events that came when nobody read them any more.
    passed_over: usize,
    cancelled: bool,
    timers: Vec<Message>,
}

impl Instance {
    fn new(execution: u32, start: Start) -> Self {
        Self {
            status: InstanceStatus::Pending,
            execution,
            start,
            output: None,
            inbox: VecDeque::new(),
            kept: Vec::new(),
            begun: false,
            now: Duration::ZERO,
            count: 0,
            passed_over: 0,
            cancelled: false,
            timers: Vec::new(),
        }
    }

    /// Has the execution told to begin, at once or later.
    fn call(&mut self, now: Duration) {
        match self.start.at {
            Some(at) if at > now => self.timers.push((at, Told::Start)),
            _ => self.inbox.push_back((now, Told::Start)),
        }
    }

    /// Its status as far as others are concerned.
    fn standing(&self) -> InstanceStatus {
        self.see().status
    }

    /// Does whatever can be done.
    fn settle(&mut self, now: Duration) {
        loop {
            self.timers.sort_by_key(|(due, _)| *due);
            let due = self
                .timers
                .iter()
                .take_while(|(due, _)| *due <= now)
                .count();
            let fired = self.timers.drain(..due);
            self.inbox.extend(fired.map(|(_, told)| (now, told)));
            if self.inbox.is_empty() {
                return;
            }
            // What comes of this is done in a turn of its own.
            let mut batch = std::mem::take(&mut self.inbox);
            while let Some(message) = batch.pop_front() {
                self.tell(message, &mut batch, now);
            }
        }
    }

    fn tell(&mut self, message: Message, batch: &mut VecDeque<Message>, now: Duration) {
        let (at, told) = message;
        match told {
            Told::Replace(start) => {
                batch.retain(|(_, told)| !told.is_of_one_execution());
                *self = Self {
                    inbox: std::mem::take(batch),
                    ..Self::new(self.execution + 1, start)
                };
                self.call(now);
            }
            _ if self.status.is_terminal() => self.passed_over += usize::from(told == Told::Go),
            Told::Terminate => self.end(InstanceStatus::Terminated),
            Told::Suspend => self.status = InstanceStatus::Suspended,
            Told::Resume => {
                if self.status == InstanceStatus::Suspended {
                    self.status = if self.begun {
                        InstanceStatus::Running
                    } else {
                        InstanceStatus::Pending
                    };
                    self.inbox.extend(self.kept.drain(..));
                    self.inbox.append(batch);
                }
            }
            _ if self.status == InstanceStatus::Suspended => self.kept.push(message),
            Told::GraceOver => self.end(InstanceStatus::Terminated),
            Told::Start => {
                self.status = InstanceStatus::Running;
                self.begun = true;
                self.now = at;
                self.timers.push((at + LIMIT, Told::Late));
                self.check();
                let kept = std::mem::take(&mut self.kept);
                for message in kept.into_iter().rev() {
                    batch.push_front(message);
                }
            }
            Told::Cancel if !self.begun => self.end(InstanceStatus::Canceled),
            _ if !self.begun => self.kept.push(message),
            _ => self.live(at, told, now),
        }
    }

    /// Tells the orchestrator.
    fn live(&mut self, at: Duration, told: Told, now: Duration) {
        match told {
            Told::Go => {
                self.now = self.now.max(at);
                if self.cancelled {
                    self.passed_over += 1;
                } else {
                    self.count += 1;
                    self.check();
                }
            }
            Told::Late if !self.cancelled => {
                self.output = Some(1_000 + self.count);
                self.end(InstanceStatus::Completed);
            }
            Told::Cancel if !self.cancelled => {
                self.cancelled = true;
                let deadline = now.max(self.now) + GRACE;
                self.now = self.now.max(at);
                self.timers.push((deadline, Told::GraceOver));
                self.timers.push((self.now + CLEANING, Told::Cleaned));
                self.timers.retain(|(_, told)| *told != Told::Late);
            }
            Told::Cleaned => self.end(InstanceStatus::Canceled),
            _ => {}
        }
    }

    fn check(&mut self) {
        if self.count >= self.start.enough {
            self.output = Some(self.count);
            self.end(InstanceStatus::Completed);
        }
    }

    fn end(&mut self, status: InstanceStatus) {
        self.status = status;
        self.timers.clear();
        let events = self.kept.iter().filter(|(_, told)| *told == Told::Go);
        self.passed_over += events.count();
        self.kept.clear();
    }

    /// What others see: what it was told is as good as done, except that it is to end.
    fn see(&self) -> Seen {
        let kept = self.kept.iter();
        let kept = kept.filter(|(_, told)| *told == Told::Go).count();
        let mut seen = Seen {
            status: self.status,
            execution: self.execution,
            output: self.output,
            unread: self.passed_over + kept,
        };
        let mut begun = self.begun;
        for (_, told) in &self.inbox {
            match told {
                Told::Replace(_) => {
                    begun = false;
                    seen = Seen {
                        status: InstanceStatus::Pending,
                        execution: seen.execution + 1,
                        output: None,
                        unread: 0,
                    };
                }
                Told::Go => seen.unread += 1,
                _ if seen.status.is_terminal() => {}
                Told::Suspend => seen.status = InstanceStatus::Suspended,
                Told::Resume if seen.status == InstanceStatus::Suspended => {
                    seen.status = if begun {
                        InstanceStatus::Running
                    } else {
                        InstanceStatus::Pending
                    };
                }
                _ => {}
            }
        }
        seen
    }
}

#[derive(Debug, Default)]
pub(super) struct Reference {
    now: Duration,
    instances: [Option<Instance>; IDS.len()],
}

impl Reference {
    pub(super) fn see(&self, id: usize) -> Option<Seen> {
        self.instances[id].as_ref().map(Instance::see)
    }

    pub(super) fn run(&mut self, command: Command) -> Answer {
        match command {
            Command::Pass(by) => {
                self.now += by;
                for instance in self.instances.iter_mut().flatten() {
                    instance.settle(self.now);
                }
                Answer::Done
            }
            Command::Start {
                id,
                enough,
                delayed,
                policy,
            } => {
                let at = delayed.then_some(self.now + DELAY);
                self.start(id, Start { enough, at }, policy)
            }
            Command::Raise(id) => self.tell(id, Told::Go),
            Command::Suspend(id) => self.tell(id, Told::Suspend),
            Command::Resume(id) => self.tell(id, Told::Resume),
            Command::Terminate(id) => self.tell(id, Told::Terminate),
            Command::Cancel(id) => self.tell(id, Told::Cancel),
            Command::Restart(id) => self.restart(id),
            Command::Purge(id) => self.purge(id),
        }
    }

    fn start(&mut self, id: usize, start: Start, policy: Policy) -> Answer {
        let now = self.now;
        let Some(existing) = &mut self.instances[id] else {
            let mut instance = Instance::new(1, start);
            instance.call(now);
            self.instances[id] = Some(instance);
            return Answer::Done;
        };
        let standing = existing.standing();
        let replaces = match policy {
            Policy::Use => return Answer::Done,
            Policy::Fail => false,
            Policy::ReplaceEnded => standing.is_terminal(),
            Policy::ReplaceAny => true,
        };
        if !replaces {
            return Answer::AlreadyExists(standing);
        }
        existing.inbox.push_back((now, Told::Replace(start)));
        Answer::Done
    }

    fn tell(&mut self, id: usize, told: Told) -> Answer {
        let now = self.now;
        match &mut self.instances[id] {
            None => Answer::NotFound,
            Some(ended) if ended.standing().is_terminal() => {
                Answer::AlreadyFinished(ended.standing())
            }
            Some(live) => {
                live.inbox.push_back((now, told));
                Answer::Done
            }
        }
    }

    fn restart(&mut self, id: usize) -> Answer {
        let now = self.now;
        match &mut self.instances[id] {
            None => Answer::NotFound,
            Some(instance) if instance.standing().is_terminal() => {
                let start = Start {
                    at: None,
                    ..instance.start
                };
                instance.inbox.push_back((now, Told::Replace(start)));
                Answer::Done
            }
            Some(live) => Answer::StillRunning(live.standing()),
        }
    }

    fn purge(&mut self, id: usize) -> Answer {
        match &self.instances[id] {
            None => Answer::NotFound,
            Some(ended) if ended.standing().is_terminal() => {
                self.instances[id] = None;
                Answer::Done
            }
            Some(live) => Answer::StillRunning(live.standing()),
        }
    }
}
