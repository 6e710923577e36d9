//! The store that a case tries.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use durable_runtime::store::Store;

/// A fresh store, and whatever must outlive it (its directory, say).
pub struct Subject {
    store: Arc<dyn Store>,
    kept: Option<Box<dyn Any + Send + Sync>>,
    afterwards: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Subject {
    /// A store that needs nothing else.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            kept: None,
            afterwards: None,
        }
    }

    /// Keeps `value` until the case is over.
    #[must_use]
    pub fn keeping(mut self, value: impl Any + Send + Sync) -> Self {
        self.kept = Some(Box::new(value));
        self
    }

    /// Has `check` look at what the case has left, when it is over.
    #[must_use]
    pub fn afterwards(mut self, check: impl Future<Output = ()> + Send + 'static) -> Self {
        self.afterwards = Some(Box::pin(check));
        self
    }

    /// Ends the case.
    pub async fn end(self) {
        if let Some(check) = self.afterwards {
            check.await;
        }
    }

    /// The store.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
