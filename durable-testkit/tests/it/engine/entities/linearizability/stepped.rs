//! In a hub that is driven step by step, so that a seed leads to the same run.

use std::sync::Arc;

use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::checker::Observed;
use super::clients::Choice;
use super::objects::AppendList;
use super::objects::Register;
use super::objects::perform;
use super::objects::performs;
use super::reference::Answer;

const OPERATIONS: usize = 500;
const CLIENTS: usize = 8;

/// A call that is under way, by its number.
type Waiting = (usize, BoxFuture<'static, Option<Answer>>);

struct Run {
    choice: Choice,
    store: Arc<FaultyStore>,
    clock: VirtualClock,
    pump: Pump,
    clients: Vec<Option<Waiting>>,
    observed: Observed,
    restarts: usize,
}

async fn start(store: &Arc<FaultyStore>, clock: &VirtualClock) -> Pump {
    let builder = Pump::builder().store(store.clone()).clock(clock);
    builder
        .register_entity::<Register>()
        .register_entity::<AppendList>()
        .register(performs)
        .start()
        .await
        .unwrap()
}

impl Run {
    async fn new(seed: u64) -> Self {
        let store = FaultyStore::new(Arc::new(ModelStore::new()));
        let clock = VirtualClock::new();
        let pump = start(&store, &clock).await;
        Self {
            choice: Choice::new(seed),
            store,
            clock,
            pump,
            clients: (0..CLIENTS).map(|_| None).collect(),
            observed: Observed::default(),
            restarts: 0,
        }
    }

    fn begin(&mut self, client: usize) {
        if self.clients[client].is_some() || self.observed.len() == OPERATIONS {
            return;
        }
        let (key, way, operation) = self.choice.next();
        let number = self.observed.called(&key, &operation);
        let hub = self.pump.client();
        let doing = async move { perform(&hub, way, &key, operation).await };
        self.clients[client] = Some((number, doing.boxed()));
    }

    /// Lets one client look whether it has its answer.
    fn look(&mut self, client: usize) {
        let Some((number, doing)) = &mut self.clients[client] else {
            return;
        };
        if let Some(answer) = doing.now_or_never() {
            if let Some(answer) = answer {
                self.observed.answered(*number, answer);
            }
            self.clients[client] = None;
        }
    }

    async fn step(&mut self) {
        if self.choice.random().once_in(40) {
            let fault = self.choice.random().pick(&[0, 1]);
            self.store.plan([if fault == 0 {
                Fault::AnswerLost
            } else {
                Fault::NotDone
            }]);
        }
        let clock = self.clock.clone();
        let time = async {
            loop {
                clock.advance(std::time::Duration::from_millis(50));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            stepped = self.pump.step() => {
                let _progress = stepped.unwrap();
            }
            () = time => {}
        }
    }

    /// The worker dies; some of the clients die with it, the others wait for the next worker.
    async fn restart(&mut self) {
        self.restarts += 1;
        for client in 0..CLIENTS {
            if self.choice.random().once_in(2) {
                self.clients[client] = None;
            }
        }
        self.pump = start(&self.store, &self.clock).await;
        self.clock.advance(minutes(1));
    }

    async fn until_all_is_done(&mut self) {
        while self.observed.len() < OPERATIONS || self.clients.iter().any(Option::is_some) {
            let client = self.choice.random().index(CLIENTS);
            match self.choice.random().below(200) {
                0 => self.restart().await,
                1..60 => self.begin(client),
                60..120 => self.look(client),
                _ => self.step().await,
            }
        }
    }
}

#[tokio::test]
async fn what_concurrent_clients_see_is_one_order_while_the_hub_restarts() {
    let (mut restarts, mut unanswered) = (0, 0);
    for seed in 1..=20 {
        let mut run = Run::new(seed).await;
        run.until_all_is_done().await;
        assert_eq!(run.observed.len(), OPERATIONS);
        if let Err(anomaly) = run.observed.check() {
            panic!("seed {seed}: {anomaly}");
        }
        restarts += run.restarts;
        unanswered += run.observed.unanswered();
    }
    assert!(restarts >= 20, "{restarts}");
    assert!(unanswered >= 20, "{unanswered}");
}
