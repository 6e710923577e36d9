//! One connection, from its beginning to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::limits::ConnectionLimits;
use super::limits::until;
use super::phase::Answering;
use super::phase::Phases;
use super::slow_body;
use super::socket::Socket;
use crate::http::places::Places;

/// A connection to serve.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) phases: Phases,
    pub(super) limits: Arc<ConnectionLimits>,
    /// The places for waiting requests of all connections.
    pub(super) places: Places,
    /// Becomes true when the server should stop.
    pub(super) stopping: watch::Receiver<bool>,
}

impl Connection {
    /// Serves it until the client or a limit ends it, or until the server stops and no request is being
    /// answered.
    pub(super) async fn serve(mut self, app: Router) {
        // Before the socket is made: a change that comes at once is seen.
        let mut phase = self.phases.watch();
        let socket = Socket::new(self.stream, self.phases.clone(), self.limits.write_time);
        let (limits, peer, phases) = (Arc::clone(&self.limits), self.peer, self.phases);
        let app = TowerToHyperService::new(app);
        let service = service_fn(move |request| {
            let answer = Answer {
                peer,
                phases: phases.clone(),
                limits: Arc::clone(&limits),
                places: self.places.clone(),
            };
            answer.of(app.clone(), request)
        });
        let served = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
        let mut served = pin!(served.with_upgrades());
        let mut stops = false;
        loop {
            // Marked as seen, or the select below would return at once for a change that is known.
            let end = self.limits.end_of(*phase.borrow_and_update());
            tokio::select! {
                ended = served.as_mut() => {
                    if let Err(error) = ended {
                        tracing::trace!(%peer, error = %error, "a connection ended with an error");
                    }
                    return;
                }
                _ = phase.changed() => {}
                // Once: `wait_for` would answer at once each time, and this loop would spin.
                () = told(&mut self.stopping), if !stops => {
                    stops = true;
                    served.as_mut().graceful_shutdown();
                }
                // Dropped and not answered: whoever is idle, or late with a head, has no request to
                // be answered.
                () = until(end) => return,
            }
        }
    }
}

/// Completes when the server should stop.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _told = stopping.wait_for(|stopping| *stopping).await;
}

/// The parts that an answer needs.
struct Answer {
    peer: SocketAddr,
    phases: Phases,
    limits: Arc<ConnectionLimits>,
    places: Places,
}

impl Answer {
    async fn of(
        self,
        app: TowerToHyperService<Router>,
        request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let (mut head, body) = request.into_parts();
        // What axum's own `serve` would do; the guard asks for it where only this machine is
        // served.
        head.extensions.insert(ConnectInfo(self.peer));
        head.extensions.insert(self.places);
        let (body, late) = slow_body::in_time(body, self.limits.body_time, self.phases.clone());
        self.phases.has_head();
        // Made before the handler runs, so that it is dropped with it if the client leaves.
        let answering = Answering(self.phases);
        let response = app.call(Request::from_parts(head, body)).await?;
        let response = late.answer(response);
        Ok(response.map(|body| {
            Body::new(Answered {
                body,
                _answering: answering,
            })
        }))
    }
}

/// The body of a response: the request is answered when it is dropped.
struct Answered {
    body: Body,
    _answering: Answering,
}

impl hyper::body::Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
