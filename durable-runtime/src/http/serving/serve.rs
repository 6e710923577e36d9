//! Accepting connections.

use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::timeout;

use super::connection::Connection;
use super::crowd::Crowd;
use super::limits::ConnectionLimits;
use super::limits::after;
use super::limits::until;
use super::phase::Phases;
use crate::http::Closing;
use crate::http::places::Places;

/// How long to wait if the system has no resources for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` to all clients that connect to `listener`, whatever they send and however slowly,
/// within [`ConnectionLimits`].
///
/// Handlers find the address of their client as `ConnectInfo<SocketAddr>`. The server speaks
/// HTTP/1.1 without encryption; a proxy can add that.
///
/// ```no_run
/// # use durable_runtime::http::{self, Management};
/// # async fn example(runtime: durable_runtime::Runtime) -> durable_runtime::Result<()> {
/// let management = Management::new(runtime.client());
/// let app = axum::Router::new().nest("/durable", management.router());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// http::serve(listener, app)
///     .closing(management.closing())
///     .until(durable_runtime::worker::stop_signal()?)
///     .await;
/// runtime.shutdown().await
/// # }
/// ```
pub fn serve(listener: TcpListener, app: Router) -> Serve {
    Serve {
        listener,
        app,
        limits: ConnectionLimits::default(),
        closing: None,
        signal: Box::pin(std::future::pending()),
    }
}

/// A server, made by [`serve`]. `.await` serves until the signal to stop ([`until`](Self::until)).
#[must_use = "nothing is served before `.await`"]
pub struct Serve {
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    closing: Option<Closing>,
    signal: BoxFuture<'static, ()>,
}

impl Serve {
    /// Sets the limits on connections.
    pub fn limits(mut self, limits: ConnectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Ends the waiting requests of the management API when the server stops. Otherwise streams would
    /// use up all of its grace period.
    pub fn closing(mut self, closing: Closing) -> Self {
        self.closing = Some(closing);
        self
    }

    /// Stops when `signal` completes. The server then accepts no more connections, closes idle ones,
    /// and gives the requests that it is answering the time [`grace`](ConnectionLimits::grace).
    pub fn until(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.signal = Box::pin(signal);
        self
    }

    async fn run(self) {
        let limits = Arc::new(self.limits);
        let (stop, stopping) = watch::channel(false);
        let mut crowd = Crowd::default();
        let door = Door {
            listener: self.listener,
            app: self.app,
            places: Places::new(limits.waiting()),
            limits: Arc::clone(&limits),
            stopping,
        };
        tokio::select! {
            () = self.signal => {}
            () = door.admit_all(&mut crowd) => {}
        }
        // Nobody can connect from here on.
        drop(door);
        if let Some(closing) = self.closing {
            // Ends streams of events, which would otherwise keep their connections for the whole
            // grace.
            closing.close();
        }
        stop.send_replace(true);
        if timeout(limits.grace, crowd.all_ended()).await.is_err() {
            tracing::warn!(
                connections = crowd.len(),
                "connections are closed with requests under way"
            );
        }
    }
}

impl IntoFuture for Serve {
    type Output = ();
    type IntoFuture = BoxFuture<'static, ()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The source of connections.
trait Accept: Send + Sync {
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

struct Door<L> {
    listener: L,
    app: Router,
    places: Places,
    limits: Arc<ConnectionLimits>,
    stopping: watch::Receiver<bool>,
}

impl<L: Accept> Door<L> {
    /// Admits connections for ever.
    async fn admit_all(&self, crowd: &mut Crowd) {
        loop {
            tokio::select! {
                () = crowd.ended() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        // After the accept and not before it: whoever would give way may be busy by
                        // the time somebody comes.
                        self.make_room(crowd).await;
                        self.admit(crowd, stream, peer);
                    }
                    Err(error) => self.recover(crowd, &error).await,
                },
            }
        }
    }

    /// Completes when there is room for one more. It looks only now that somebody is here: whoever
    /// would have given way before may be at work now.
    async fn make_room(&self, crowd: &mut Crowd) {
        let gives_way = Arc::clone(&crowd.gives_way);
        while crowd.len() >= self.limits.most() {
            let next = crowd.gives_way_at(&self.limits);
            if next.is_some_and(|next| next <= Instant::now()) {
                crowd.give_way(&self.limits);
                continue;
            }
            tokio::select! {
                () = crowd.ended() => {}
                () = gives_way.notified() => {}
                () = until(next) => {}
            }
        }
    }

    fn admit(&self, crowd: &mut Crowd, stream: TcpStream, peer: SocketAddr) {
        // Responses are written as a whole; to hold back their last packet would only cost time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::trace!(%peer, %error, "failed to set TCP_NODELAY");
        }
        let connection = Connection {
            stream,
            peer,
            phases: Phases::of_new(&crowd.gives_way),
            limits: Arc::clone(&self.limits),
            places: self.places.clone(),
            stopping: self.stopping.clone(),
        };
        crowd.add(connection, self.app.clone());
    }

    /// Waits after an error that is not the client's. The system has too few descriptors or too little
    /// memory, and would return the same error at once.
    async fn recover(&self, crowd: &mut Crowd, error: &io::Error) {
        use io::ErrorKind::ConnectionAborted;
        use io::ErrorKind::ConnectionRefused;
        use io::ErrorKind::ConnectionReset;
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset
        ) {
            // This peer is gone, and others may wait: no pause.
            return;
        }
        tracing::warn!(%error, connections = crowd.len(), "failed to accept a connection");
        crowd.give_way(&self.limits);
        // A process without descriptors gets the same error at once, and would ask in a loop.
        after(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;

    use super::*;

    /// A system without free descriptors.
    #[derive(Default)]
    struct Exhausted(AtomicUsize);

    impl Accept for Exhausted {
        async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(io::Error::other("too many open files"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_system_without_descriptors_is_asked_again_after_a_pause_only() {
        let (_stop, stopping) = watch::channel(false);
        let door = Door {
            listener: Exhausted::default(),
            app: Router::new(),
            places: Places::new(1),
            limits: Arc::default(),
            stopping,
        };
        let mut crowd = Crowd::default();
        let all = door.admit_all(&mut crowd);
        timeout(PAUSE * 19 / 2, all).await.unwrap_err();
        assert_eq!(door.listener.0.load(Ordering::Relaxed), 10);
    }
}
