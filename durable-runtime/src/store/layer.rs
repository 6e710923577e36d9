//! A store around another one, which passes on what it has nothing to do with.

use std::fmt::Debug;

use async_trait::async_trait;

use super::Created;
use super::EntityCommand;
use super::EntitySent;
use super::HubInfo;
use super::InboxPage;
use super::InstanceCommand;
use super::Loaded;
use super::LoadedEntity;
use super::NewWorker;
use super::Sent;
use super::SignalWithdrawal;
use super::Store;
use super::StoreError;
use super::TimerPage;
use super::TimerPlace;
use super::Unread;
use super::WorkerLease;
use crate::clock::Timestamp;
use crate::commands::DelayedSignal;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityPage;
use crate::commands::IfExists;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::commands::PageToken;
use crate::commands::Purged;
use crate::failure::CallResult;
use crate::history::TurnRecord;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::NewInstance;
use crate::work::TurnWrite;

/// The trait and what makes a store of it: each method that may fail is written once.
macro_rules! layer {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)+) => {
        /// A [`Store`] around another store: it implements the methods in which it differs, and all
        /// others go to [`inner`](Self::inner). The methods are those of [`Store`].
        ///
        /// ```
        /// use std::sync::Arc;
        ///
        /// use durable_runtime::store::Store;
        /// use durable_runtime::store::StoreLayer;
        ///
        /// /// Behaves as if other processes used the hub too.
        /// #[derive(Debug)]
        /// struct Shared(Arc<dyn Store>);
        ///
        /// impl StoreLayer for Shared {
        ///     fn inner(&self) -> &dyn Store {
        ///         &*self.0
        ///     }
        ///
        ///     fn is_exclusive(&self) -> bool {
        ///         false
        ///     }
        /// }
        /// ```
        #[expect(missing_docs, reason = "the methods are those of `Store`")]
        #[async_trait]
        pub trait StoreLayer: Debug + Send + Sync + 'static {
            /// Returns the store that this one is around.
            fn inner(&self) -> &dyn Store;

            fn is_exclusive(&self) -> bool {
                self.inner().is_exclusive()
            }

            fn worker_abandon(&self, worker: WorkerId) {
                self.inner().worker_abandon(worker);
            }

            async fn close(&self) {
                self.inner().close().await;
            }

            /// Is called with the name of a method before that is passed on, if it may fail; on an
            /// error it fails with that instead. Does nothing unless it is implemented.
            async fn before(&self, _method: &'static str) -> Result<(), StoreError> {
                Ok(())
            }

            $(async fn $name(&self, $($arg: $type),*) -> Result<$result, StoreError> {
                self.before(stringify!($name)).await?;
                self.inner().$name($($arg),*).await
            })+
        }

        #[async_trait]
        impl<L: StoreLayer> Store for L {
            fn is_exclusive(&self) -> bool {
                StoreLayer::is_exclusive(self)
            }

            fn worker_abandon(&self, worker: WorkerId) {
                StoreLayer::worker_abandon(self, worker);
            }

            async fn close(&self) {
                StoreLayer::close(self).await;
            }

            $(async fn $name(&self, $($arg: $type),*) -> Result<$result, StoreError> {
                StoreLayer::$name(self, $($arg),*).await
            })+
        }
    };
}

layer! {
    hub_open(now: Timestamp) -> HubInfo;
    worker_start(worker: NewWorker, now: Timestamp) -> WorkerLease;
    worker_renew(lease: &WorkerLease, now: Timestamp) -> ();
    worker_stop(lease: &WorkerLease, now: Timestamp) -> ();
    units_claim(lease: &WorkerLease, lanes: &[Lane], now: Timestamp) -> Vec<Unit>;
    lanes_registered() -> Vec<Lane>;
    instance_create(instance: &NewInstance, if_exists: &IfExists, most_unread: u64, now: Timestamp) -> Created;
    instance_fetch(id: &InstanceId) -> Option<InstanceRow>;
    instance_load(key: InstanceKey) -> Option<Loaded>;
    execution_lives(key: InstanceKey, execution: Execution) -> bool;
    instances_to_load(units: &[Unit], after: Option<InstanceKey>, limit: u32) -> Vec<InstanceKey>;
    instances_list(filter: &InstanceFilter, after: Option<PageToken>, limit: u32) -> InstancePage;
    instances_count(filter: &InstanceFilter) -> u64;
    instances_purge(filter: &InstanceFilter, children: bool, after: Option<PageToken>, limit: u32) -> Purged;
    history_fetch(key: InstanceKey, execution: Execution) -> Vec<TurnRecord>;
    message_send(id: &InstanceId, command: &InstanceCommand, now: Timestamp) -> Sent;
    inbox_fetch(units: &[Unit], except: &[MessageId], after: Option<MessageId>, limit: u32) -> InboxPage;
    events_unread(key: InstanceKey) -> Unread;
    events_unread_count(id: &InstanceId) -> Option<u64>;
    heartbeats_fetch(key: InstanceKey) -> Vec<Heartbeat>;
    entity_send(id: &EntityId, command: &EntityCommand, now: Timestamp) -> EntitySent;
    signals_delayed(id: &EntityId, after: Option<MessageId>, limit: u32) -> Vec<DelayedSignal>;
    signal_withdraw(id: &EntityId, withdrawal: &SignalWithdrawal, now: Timestamp) -> bool;
    entity_load(key: InstanceKey) -> Option<LoadedEntity>;
    entities_to_load(units: &[Unit], after: Option<InstanceKey>, limit: u32) -> Vec<InstanceKey>;
    entity_fetch(id: &EntityId) -> Option<EntityListing>;
    entities_list(filter: &EntityFilter, after: Option<&EntityId>, limit: u32) -> EntityPage;
    answer_fetch(key: InstanceKey, command: &str) -> Option<CallResult>;
    answers_expire(until: Timestamp, limit: u32) -> bool;
    timers_due(units: &[Unit], until: Timestamp, after: Option<TimerPlace>, limit: u32) -> TimerPage;
    commit(lease: &mut WorkerLease, turns: &[TurnWrite], now: Timestamp) -> ();
    commit_outcome(lease: &WorkerLease) -> u64;
    dump() -> String;
}
