//! One seed, from beginning to end.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::running::Place;
use durable_runtime::store::ModelStore;
use tokio::task::JoinHandle;

use crate::books;
use crate::client::Clients;
use crate::client::Record;
use crate::draw::Draw;
use crate::panics;
use crate::plan::Plan;
use crate::postings::PlannedPosting;
use crate::process::Process;
use crate::process::Setup;
use crate::rest;
use crate::store::SimStore;
use crate::workload::Planned;
use crate::world::Coverage;
use crate::world::Verdict;
use crate::world::World;

/// What came of a seed.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) violations: Vec<String>,
    pub(crate) hash: u64,
    pub(crate) coverage: Coverage,
}

/// Simulates a seed.
pub(crate) fn simulate(seed: u64, printed: bool) -> Report {
    panics::forget();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    match runtime {
        Ok(runtime) => runtime.block_on(Simulation::new(seed, printed).run()),
        Err(error) => Report {
            violations: vec![format!("the simulation cannot run: {error}")],
            hash: 0,
            coverage: Coverage::new(),
        },
    }
}

/// After the faults nothing may take longer than this.
const LONGEST_RECOVERY: Duration = Duration::from_hours(4);
const MOST_STEPS: u64 = 30_000;
/// So many processes die of one activity at most, or of several.
const MOST_TAKEN_DOWN: u32 = 150;
/// How often everybody may go on before time has to pass.
const MOST_ROUNDS: u32 = 20_000;

pub(crate) struct Simulation {
    pub(crate) world: Arc<World>,
    pub(crate) store: ModelStore,
    pub(crate) instances: Vec<(InstanceId, Planned)>,
    pub(crate) postings: Vec<PlannedPosting>,
    pub(crate) clients: Arc<Clients>,
    plan: Plan,
    tasks: Vec<JoinHandle<()>>,
    processes: Vec<Process>,
    numbers: usize,
    taken_down: u32,
    /// How often all processes are still to die, in rapid succession.
    restarts: u64,
    /// One is to start once all that are to stop have ended.
    successor: bool,
    /// Where processes record what they compute, and which of them has which place.
    places: Vec<(usize, Place)>,
}

impl Simulation {
    fn new(seed: u64, printed: bool) -> Self {
        let mut draw = Draw::new(seed);
        let mut plan = Plan::drawn(&mut draw);
        let world = World::new(draw, plan.faults.clone(), printed);
        let store = if plan.exclusive {
            ModelStore::exclusive()
        } else {
            ModelStore::new()
        };
        let planned = std::mem::take(&mut plan.instances);
        let clients = Arc::new(Clients {
            store: SimStore::new(store.clone(), Arc::clone(&world), 0),
            clock: world.time.clock(0),
            notifiers: Mutex::default(),
            records: Mutex::new(planned.iter().map(|_| Record::default()).collect()),
            world: Arc::clone(&world),
            numbers: AtomicU64::new(0),
            salts: Arc::default(),
            most_unread: plan.most_unread,
        });
        let mut instances = Vec::new();
        for (number, (name, planned)) in planned.into_iter().enumerate() {
            world.count(name);
            let id = format!("{}-{number}", planned.workload);
            if let Ok(id) = InstanceId::new(id) {
                instances.push((id, planned));
            }
        }
        world.note(format_args!("{:?}", plan.faults));
        Self {
            world,
            store,
            instances,
            postings: std::mem::take(&mut plan.postings),
            clients,
            plan,
            tasks: Vec::new(),
            processes: Vec::new(),
            numbers: 0,
            taken_down: 0,
            restarts: 0,
            successor: false,
            places: Vec::new(),
        }
    }

    async fn run(mut self) -> Report {
        for (number, (id, planned)) in self.instances.iter().enumerate() {
            let client = Arc::clone(&self.clients).run(number, id.clone(), planned.clone());
            self.tasks.push(tokio::spawn(client));
        }
        for (number, posting) in self.postings.iter().enumerate() {
            let client = Arc::clone(&self.clients).post(number, posting.clone());
            self.tasks.push(tokio::spawn(client));
        }
        for _ in 0..self.plan.workers {
            self.start_process(false);
        }
        for _ in 0..self.plan.steps {
            self.settle().await;
            if self.is_wrong() {
                break;
            }
            self.step();
        }
        if !self.is_wrong() {
            self.recover().await;
        }
        if !self.is_wrong() {
            rest::check(&self).await;
        }
        self.report()
    }

    fn report(self) -> Report {
        for panic in panics::unplanned() {
            self.world.violation(format!("panicked: {panic}"));
        }
        self.processes.into_iter().for_each(drop);
        self.tasks.iter().for_each(JoinHandle::abort);
        let hash = self.world.hash();
        let mut inner = self.world.inner();
        Report {
            violations: std::mem::take(&mut inner.violations),
            hash,
            coverage: std::mem::take(&mut inner.coverage),
        }
    }

    fn is_wrong(&self) -> bool {
        !self.world.inner().violations.is_empty() || panics::any_unplanned()
    }

    /// Lets everybody run until all of them wait.
    async fn settle(&self) {
        let (mut seen, mut quiet) = (u64::MAX, 0);
        for rounds in 0.. {
            if quiet == 2 {
                return;
            }
            if rounds == MOST_ROUNDS {
                let what = "10: they go on and on without time passing";
                return self.world.violation(what.to_owned());
            }
            tokio::task::yield_now().await;
            let activity = self.world.inner().activity;
            quiet = if activity == seen { quiet + 1 } else { 0 };
            seen = activity;
        }
    }

    fn start_process(&mut self, complete: bool) {
        if self.plan.exclusive {
            // The database sees to it that there is one only.
            self.processes.clear();
        }
        self.successor = false;
        self.numbers += 1;
        let number = self.numbers;
        let setup = {
            let mut inner = self.world.inner();
            let faults = inner.faults.clone();
            Setup::drawn(&mut inner.draw, &faults, number)
        };
        let setup = if complete { setup.complete() } else { setup };
        let setup = setup.recording_at(self.free_place(number));
        self.world.note(format_args!("p{number} starts"));
        let process = Process::start(number, &self.world, self.store.clone(), setup);
        self.processes.push(process);
        self.tell_clients();
    }

    /// A place that no living process has: that of one that died, if there is one.
    fn free_place(&mut self, number: usize) -> Place {
        let lives = |of: &usize| self.processes.iter().any(|process| process.number == *of);
        if let Some((of, place)) = self.places.iter_mut().find(|(of, _)| !lives(of)) {
            *of = number;
            return place.clone();
        }
        let place = Place::memory();
        self.places.push((number, place.clone()));
        place
    }

    fn tell_clients(&self) {
        let notifiers = self.processes.iter().map(|p| Arc::clone(&p.notifier));
        let mut known = self
            .clients
            .notifiers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = notifiers.collect();
    }

    /// Does one thing: lets a call go on, lets time pass, or breaks something.
    fn step(&mut self) {
        self.bury();
        self.processes.retain(|process| !process.has_ended());
        if self.processes.is_empty() && (self.successor || self.draw(3) == 0) {
            self.start_process(false);
        }
        if self.restarts > 0 {
            return self.restart_quickly();
        }
        match self.draw(100) {
            0..50 => {
                if !self.let_one_go() {
                    self.let_time_pass();
                }
            }
            50..88 => self.let_time_pass(),
            _ => self.break_something(),
        }
    }

    /// Removes the processes that were taken down by what they run.
    fn bury(&mut self) {
        let doomed = std::mem::take(&mut self.world.inner().doomed);
        for number in doomed {
            let Some(place) = self.processes.iter().position(|p| p.number == number) else {
                continue;
            };
            drop(self.processes.remove(place));
            self.world.count("process taken down");
            self.world
                .note(format_args!("p{number} is taken down by what it runs"));
            self.taken_down += 1;
            if self.taken_down > MOST_TAKEN_DOWN {
                let what = "8: an activity takes its processes down, and is tried again";
                self.world.violation(what.to_owned());
            }
            self.tell_clients();
        }
    }

    fn draw(&self, n: u64) -> u64 {
        self.world.inner().draw.below(n)
    }

    fn let_one_go(&self) -> bool {
        let now = self.world.time.now().as_millis();
        let chosen = {
            let mut inner = self.world.inner();
            let free: Vec<_> = inner
                .parked
                .iter()
                .filter(|parked| parked.until <= now)
                .map(|parked| (parked.number, parked.process, parked.what))
                .collect();
            if free.is_empty() {
                return false;
            }
            free[inner.draw.index(free.len())]
        };
        let (number, process, what) = chosen;
        self.world
            .note(format_args!("p{process} goes on at {what}"));
        self.world.release(number, Verdict::Pass);
        true
    }

    fn let_time_pass(&self) {
        let now = self.world.time.now();
        let next = self.world.time.next_wake();
        let far = self.world.inner().faults.pause && self.draw(12) == 0;
        let to = match (self.draw(10), next) {
            _ if far => now + Duration::from_millis(self.draw(20_000)),
            (0..7, Some(next)) => next,
            _ => now + Duration::from_millis(self.draw(2_000)),
        };
        self.world.time.advance_to(to);
    }

    fn break_something(&mut self) {
        let faults = self.plan.faults.clone();
        let count = self.processes.len();
        match self.draw(12) {
            0..3 if faults.crash && count > 0 => self.crash_one(),
            3 | 4 if faults.membership => self.change_membership(),
            5 if faults.restart_all && self.draw(2) == 0 => self.restart_all(),
            6 | 7 if faults.clock && count > 0 => {
                let by = i64::try_from(self.draw(40_000)).unwrap_or(0) - 20_000;
                // A virtual machine is resumed, or a clock is set for the first time.
                let by = if self.draw(4) == 0 { by * 180 } else { by };
                let process = &self.processes[self.index(count)];
                process.clock.jump(by);
                self.world.count("clock jumps");
                self.world
                    .note(format_args!("clock of p{} jumps by {by}", process.number));
            }
            8 if faults.full => self.fill_the_disk(),
            9 if faults.quick_restarts => self.restarts = 3 + self.draw(6),
            10 | 11 if faults.stops && count > 0 => self.stop_one(),
            _ => {}
        }
    }

    /// For a while there is no room for what is written.
    fn fill_the_disk(&self) {
        let millis = self.draw(30_000);
        self.world.count("disk full");
        self.world
            .note(format_args!("the disk is full for {millis}"));
        let until = self.world.time.now() + Duration::from_millis(millis);
        self.world.inner().full_until = until;
    }

    /// Has a process stop with what it has under way. Another one follows: at once, or where one has
    /// the store once it is gone.
    fn stop_one(&mut self) {
        let place = self.index(self.processes.len());
        let (process, millis) = (&self.processes[place], self.draw(3_000));
        if process.is_stopping() {
            return;
        }
        process.stop(Duration::from_millis(millis));
        self.world.count("told to stop");
        self.world.note(format_args!(
            "p{} is to stop within {millis}",
            process.number
        ));
        if self.plan.exclusive {
            self.successor = true;
        } else {
            self.start_process(false);
        }
    }

    /// All processes die again, some milliseconds later.
    fn restart_quickly(&mut self) {
        self.restarts -= 1;
        self.world.count("restarted in rapid succession");
        self.world.note(format_args!("all processes die again"));
        self.restart_together();
        let millis = self.draw(30);
        let now = self.world.time.now();
        self.world
            .time
            .advance_to(now + Duration::from_millis(millis));
    }

    fn index(&self, len: usize) -> usize {
        self.world.inner().draw.index(len)
    }

    /// Kills a process; one that is beside a commit, if there is one.
    fn crash_one(&mut self) {
        let at_commit = {
            let inner = self.world.inner();
            let parked = inner.parked.iter();
            let mut beside = parked.filter(|p| p.process > 0 && p.what.starts_with("commit"));
            beside.next().map(|parked| (parked.process, parked.what))
        };
        let chosen = at_commit.and_then(|(process, what)| {
            let place = self.processes.iter().position(|p| p.number == process)?;
            Some((place, what))
        });
        let (place, what) = match chosen {
            Some(chosen) => chosen,
            None => (self.index(self.processes.len()), "anywhere"),
        };
        self.world.count(match what {
            "commit" => "crash before the commit",
            "commit done" => "crash after the commit",
            _ => "crash",
        });
        let process = self.processes.remove(place);
        self.world
            .note(format_args!("p{} crashes: {what}", process.number));
        drop(process);
        self.tell_clients();
    }

    fn change_membership(&mut self) {
        let living = self.processes.iter().filter(|p| !p.is_stopping()).count();
        if living > 1 && self.draw(2) == 0 {
            let place = self.index(self.processes.len());
            self.processes[place].stop(Duration::from_secs(10));
            let number = self.processes[place].number;
            self.world.note(format_args!("p{number} is to stop"));
        } else if living < 4 {
            self.world.count("worker joined");
            self.start_process(false);
        }
    }

    fn restart_all(&mut self) {
        self.world.count("all restarted");
        self.world.note(format_args!("all processes die"));
        self.restart_together();
    }

    fn restart_together(&mut self) {
        let count = self.processes.len().max(1);
        self.processes.clear();
        for _ in 0..count {
            self.start_process(false);
        }
    }

    /// Nothing goes wrong any more: everything has to come to its end.
    async fn recover(&mut self) {
        self.settle().await;
        self.world.note(format_args!("nothing goes wrong any more"));
        let now = self.world.time.now();
        {
            let mut inner = self.world.inner();
            (inner.chaos, inner.calm_since) = (false, Some(now));
        }
        let faults = self.plan.faults.clone();
        if faults.refused || faults.bad_turn || faults.slow_turns {
            // What a database refused, and what took too long, is tried again when a worker starts.
            self.processes.clear();
        }
        self.processes
            .retain(|p| !p.has_ended() && !p.is_stopping());
        for process in &self.processes {
            process.clock.set(0);
        }
        self.start_process(true);
        if !self.plan.exclusive && self.draw(2) == 0 {
            self.start_process(true);
        }
        let begin = self.world.time.now();
        for step in 0..MOST_STEPS {
            self.release_all();
            self.settle().await;
            self.bury();
            if self.processes.is_empty() {
                self.start_process(true);
            }
            if self.is_wrong()
                || self.tasks.iter().all(JoinHandle::is_finished) && self.all_ended().await
            {
                return;
            }
            let now = self.world.time.now();
            if now.since(begin) > LONGEST_RECOVERY {
                break;
            }
            // What does not end in minutes is looked at less closely.
            let least = now + Duration::from_millis(step / 40);
            let next = self
                .world
                .time
                .next_wake()
                .unwrap_or(now + Duration::from_secs(1));
            self.world.time.advance_to(next.max(least));
        }
        self.not_all_ended().await;
    }

    fn release_all(&self) {
        let numbers: Vec<_> = {
            let inner = self.world.inner();
            inner.parked.iter().map(|parked| parked.number).collect()
        };
        for number in numbers {
            self.world.release(number, Verdict::Pass);
        }
    }

    async fn all_ended(&self) -> bool {
        rest::live(&self.store).await.is_empty() && books::busy(&self.store).await.is_empty()
    }

    /// Whether a transfer may be ended between its two postings.
    pub(crate) fn interrupts_transfers(&self) -> bool {
        let interrupted = |planned: &Planned| {
            let management = &planned.management;
            planned.workload == "transfer" && (management.terminates() || management.cancels())
        };
        self.instances
            .iter()
            .any(|(_, planned)| interrupted(planned))
    }

    async fn not_all_ended(&self) {
        let live = rest::live(&self.store).await;
        let mut names: Vec<_> = live
            .iter()
            .map(|row| format!("`{}` is {} ({:?})", row.id, row.status, row.stalled))
            .collect();
        names.extend(books::busy(&self.store).await);
        self.world.violation(if names.is_empty() {
            "10: a client waits for ever for an instance that has ended".to_owned()
        } else {
            format!("10: never ended: {}", names.join(", "))
        });
    }
}
