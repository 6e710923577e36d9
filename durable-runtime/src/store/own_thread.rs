//! A thread for what must go on whatever users do with theirs.

use std::future::Future;

use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::StoreError;
use crate::subscriber::Subscriber;

/// A thread with a tokio runtime that user code never shares. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct OwnThread {
    handle: Handle,
    _ends: oneshot::Sender<()>,
}

impl OwnThread {
    /// Makes the thread.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the system has none to give.
    pub(super) fn start() -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(no_thread)?;
        let handle = runtime.handle().clone();
        let (ends, ended) = oneshot::channel();
        let subscriber = Subscriber::of_this_thread();
        let body = move || {
            let _subscriber = subscriber.set();
            // Nothing is sent: the other half goes.
            drop(runtime.block_on(ended));
            // Whatever is left there belongs to nobody; a connection that is dropped is closed.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("durable-store".to_owned());
        thread.spawn(body).map_err(no_thread)?;
        Ok(Self {
            handle,
            _ends: ends,
        })
    }

    /// Runs `call` there; whoever stops waiting for it ends it.
    pub(super) async fn run<T, F>(&self, call: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let mut calls = JoinSet::new();
        // In a set that is dropped with this future: whoever stops waiting ends the call at its
        // next await, and its transaction is rolled back.
        calls.spawn_on(call, &self.handle);
        match calls.join_next().await {
            Some(Ok(done)) => done,
            // As if it had been called here: a panic of a store must not look like a store that was
            // closed.
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(StoreError::Closed {
                action: "ask the store's thread",
            }),
        }
    }
}

fn no_thread(source: std::io::Error) -> StoreError {
    StoreError::Database {
        action: "start the store's thread",
        source: Box::new(source),
    }
}
