//! A store whose clients' calls run on a thread of its own.
//!
//! A connection to a database goes back to the others in a task of the driver's on the runtime of
//! whoever had it; a rollback and a place in the queue for the connection that writes depend on that
//! runtime as well. Users block theirs. So:
//!
//! 1. What a client asks goes on whatever the thread of its caller does. A caller that does not wait
//!    for it any more ends it at its next await.
//! 2. What only a worker asks runs where it is asked: a worker has a thread that no user code shares,
//!    and pays for no other.
//! 3. The thread ends with the last handle of the store.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use super::Created;
use super::EntityCommand;
use super::EntitySent;
use super::HubInfo;
use super::InstanceCommand;
use super::Sent;
use super::SignalWithdrawal;
use super::Store;
use super::StoreError;
use super::StoreLayer;
use super::Unread;
use super::own_thread::OwnThread;
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
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::NewInstance;

/// The store, whose clients' calls run on the thread.
#[derive(Debug)]
pub(super) struct OnOwnThread {
    store: Arc<dyn Store>,
    thread: OwnThread,
}

impl OnOwnThread {
    pub(super) fn new(store: Arc<dyn Store>, thread: OwnThread) -> Self {
        Self { store, thread }
    }

    async fn run<T, C, F>(&self, call: C) -> Result<T, StoreError>
    where
        T: Send + 'static,
        C: FnOnce(Arc<dyn Store>) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let store = Arc::clone(&self.store);
        // The arguments are moved or cloned into the call: it may go on for a moment after its
        // caller has left.
        self.thread.run(async move { call(store).await }).await
    }
}

#[async_trait]
impl StoreLayer for OnOwnThread {
    fn inner(&self) -> &dyn Store {
        &*self.store
    }

    async fn hub_open(&self, now: Timestamp) -> Result<HubInfo, StoreError> {
        self.run(async move |store| store.hub_open(now).await).await
    }

    async fn lanes_registered(&self) -> Result<Vec<Lane>, StoreError> {
        self.run(async |store| store.lanes_registered().await).await
    }

    async fn instance_create(
        &self,
        instance: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let (instance, if_exists) = (instance.clone(), if_exists.clone());
        self.run(async move |store| {
            let created = store.instance_create(&instance, &if_exists, most_unread, now);
            created.await
        })
        .await
    }

    async fn instance_fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, StoreError> {
        let id = id.clone();
        self.run(async move |store| store.instance_fetch(&id).await)
            .await
    }

    async fn instances_list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, StoreError> {
        let filter = filter.clone();
        self.run(async move |store| store.instances_list(&filter, after, limit).await)
            .await
    }

    async fn instances_count(&self, filter: &InstanceFilter) -> Result<u64, StoreError> {
        let filter = filter.clone();
        self.run(async move |store| store.instances_count(&filter).await)
            .await
    }

    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        let filter = filter.clone();
        self.run(async move |store| {
            let purged = store.instances_purge(&filter, children, after, limit);
            purged.await
        })
        .await
    }

    async fn history_fetch(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        self.run(async move |store| store.history_fetch(key, execution).await)
            .await
    }

    async fn message_send(
        &self,
        id: &InstanceId,
        command: &InstanceCommand,
        now: Timestamp,
    ) -> Result<Sent, StoreError> {
        let (id, command) = (id.clone(), command.clone());
        self.run(async move |store| store.message_send(&id, &command, now).await)
            .await
    }

    async fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError> {
        self.run(async move |store| store.events_unread(key).await)
            .await
    }

    async fn events_unread_count(&self, id: &InstanceId) -> Result<Option<u64>, StoreError> {
        let id = id.clone();
        self.run(async move |store| store.events_unread_count(&id).await)
            .await
    }

    async fn heartbeats_fetch(&self, key: InstanceKey) -> Result<Vec<Heartbeat>, StoreError> {
        self.run(async move |store| store.heartbeats_fetch(key).await)
            .await
    }

    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError> {
        let (id, command) = (id.clone(), command.clone());
        self.run(async move |store| store.entity_send(&id, &command, now).await)
            .await
    }

    async fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<DelayedSignal>, StoreError> {
        let id = id.clone();
        self.run(async move |store| store.signals_delayed(&id, after, limit).await)
            .await
    }

    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, withdrawal) = (id.clone(), withdrawal.clone());
        self.run(async move |store| store.signal_withdraw(&id, &withdrawal, now).await)
            .await
    }

    async fn entity_fetch(&self, id: &EntityId) -> Result<Option<EntityListing>, StoreError> {
        let id = id.clone();
        self.run(async move |store| store.entity_fetch(&id).await)
            .await
    }

    async fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, StoreError> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.run(async move |store| store.entities_list(&filter, after.as_ref(), limit).await)
            .await
    }

    async fn answer_fetch(
        &self,
        key: InstanceKey,
        command: &str,
    ) -> Result<Option<CallResult>, StoreError> {
        let command = command.to_owned();
        self.run(async move |store| store.answer_fetch(key, &command).await)
            .await
    }

    async fn close(&self) {
        let closed = self.run(async |store| {
            store.close().await;
            Ok(())
        });
        // Only a thread that is gone fails, and what it had is closed.
        drop(closed.await);
    }

    async fn dump(&self) -> Result<String, StoreError> {
        self.run(async |store| store.dump().await).await
    }
}
