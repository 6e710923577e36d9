//! The store that a case tries.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use durable_runtime::store::Store;

/// A fresh store, and whatever must outlive it (its directory, say).
pub struct Subject {
    store: Arc<dyn Store>,
    kept: Option<Box<dyn Any + Send + Sync>>,
}

impl Subject {
    /// A store that needs nothing else.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, kept: None }
    }

    /// Keeps `value` until the case is over.
    #[must_use]
    pub fn keeping(mut self, value: impl Any + Send + Sync) -> Self {
        self.kept = Some(Box::new(value));
        self
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
