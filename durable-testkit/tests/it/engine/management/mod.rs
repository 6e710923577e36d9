//! Managing instances (semantics.md §1, §4, §6). Each case runs on the model store, on the model
//! store with a replay for every turn, and on a `SQLite` file.

mod cancellation;
mod functions;
mod purging;
mod queries;
mod restarting;
mod starting;
mod suspension;
mod termination;
mod told;

use std::ops::Deref;
use std::ops::DerefMut;
use std::sync::Arc;

use durable_runtime::client::Instance;
use durable_runtime::ids::InstanceId;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;

use functions::Gate;

/// A worker on a hub, driven by the case.
struct Hub {
    pump: Pump,
    store: Arc<dyn Store>,
    clock: VirtualClock,
    gate: Arc<Gate>,
    cache_bytes: usize,
    _folder: Option<tempfile::TempDir>,
}

impl Hub {
    async fn on(
        store: Arc<dyn Store>,
        cache_bytes: usize,
        folder: Option<tempfile::TempDir>,
    ) -> Self {
        let (clock, gate) = (VirtualClock::new(), Arc::new(Gate::default()));
        let pump = functions::start(&store, &clock, &gate, cache_bytes).await;
        Self {
            pump,
            store,
            clock,
            gate,
            cache_bytes,
            _folder: folder,
        }
    }

    async fn model() -> Self {
        Self::on(Arc::new(ModelStore::exclusive()), 1 << 20, None).await
    }

    async fn replaying() -> Self {
        Self::on(Arc::new(ModelStore::exclusive()), 0, None).await
    }

    #[cfg(feature = "sqlite")]
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("hub.db").display());
        let store = durable_runtime::store::open(&url).await.unwrap().store;
        Self::on(store, 1 << 20, Some(folder)).await
    }

    /// The worker dies, and another one takes over.
    async fn crash(&mut self) {
        self.gate.crashed();
        self.pump = functions::start(&self.store, &self.clock, &self.gate, self.cache_bytes).await;
        self.pump.run_until_idle().await.unwrap();
    }

    async fn idle(&mut self) {
        self.pump.run_until_idle().await.unwrap();
    }

    async fn status(&self, id: &str) -> InstanceStatus {
        let id = InstanceId::new(id).unwrap();
        let row = self.store.instance_fetch(&id).await.unwrap();
        row.unwrap().status
    }

    async fn exists(&self, id: &str) -> bool {
        let id = InstanceId::new(id).unwrap();
        self.store.instance_fetch(&id).await.unwrap().is_some()
    }

    fn instance<O: Orchestrator>(&self, id: &str) -> Instance<O> {
        self.pump.client().instance(id).of()
    }
}

impl Deref for Hub {
    type Target = Pump;

    fn deref(&self) -> &Pump {
        &self.pump
    }
}

impl DerefMut for Hub {
    fn deref_mut(&mut self) -> &mut Pump {
        &mut self.pump
    }
}

/// Makes tests of cases: `async fn case(hub: Hub)`.
macro_rules! on_every_store {
    ($($case:ident,)+) => {
        mod model {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Hub::model().await).await;
                }
            )+
        }

        mod replaying {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Hub::replaying().await).await;
                }
            )+
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Hub::sqlite().await).await;
                }
            )+
        }
    };
}

use on_every_store;
