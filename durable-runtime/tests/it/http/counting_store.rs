//! A store that notes which of its methods were called.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::StoreLayer;

/// The store `inner`, with a list of the calls. Each call is one transaction.
#[derive(Debug)]
pub(super) struct CountingStore {
    inner: Arc<dyn Store>,
    calls: Mutex<Vec<&'static str>>,
}

impl CountingStore {
    pub(super) fn around(inner: Arc<dyn Store>) -> Self {
        let calls = Mutex::default();
        Self { inner, calls }
    }

    /// The methods that were called since this was last asked, in order.
    pub(super) fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

#[async_trait]
impl StoreLayer for CountingStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn before(&self, method: &'static str) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push(method);
        Ok(())
    }
}
