//! The body of a request, which must arrive in time whatever handler reads it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::body::HttpBody;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use hyper::body::SizeHint;
use tokio::time::Sleep;

use super::limits::after;
use super::phase::Phases;

/// Whether a body was too slow.
#[derive(Debug, Clone, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    /// Returns the app's answer, or 408 if the body was too slow.
    pub(super) fn answer(&self, mut response: Response) -> Response {
        if !self.0.load(Ordering::Relaxed) {
            return response;
        }
        if response.status() != StatusCode::REQUEST_TIMEOUT {
            let message = "the body did not come in time";
            response = (StatusCode::REQUEST_TIMEOUT, message).into_response();
        }
        // The rest of the body is still to come, and would be taken for the next request.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    }
}

/// Returns `body`, which fails if it is not complete within `time`.
pub(super) fn in_time(
    body: impl HttpBody<Data = Bytes, Error = hyper::Error> + Send + Unpin + 'static,
    time: Duration,
    phases: Phases,
) -> (Body, Late) {
    let late = Late::default();
    // Most requests have no body, and need no timer.
    if body.is_end_stream() {
        return (Body::empty(), late);
    }
    let timed = Timed {
        body: body.map_err(io::Error::other),
        give_up: Box::pin(after(time)),
        late: late.clone(),
        phases,
        is_awaited: false,
    };
    (Body::new(timed), late)
}

struct Timed<B> {
    body: B,
    give_up: Pin<Box<Sleep>>,
    late: Late,
    phases: Phases,
    /// Whether the app waits for more of it.
    is_awaited: bool,
}

impl<B> Timed<B> {
    fn goes_on(&mut self) {
        if std::mem::take(&mut self.is_awaited) {
            self.phases.goes_on();
        }
    }
}

/// An app that does not want the rest no longer waits for it.
impl<B> Drop for Timed<B> {
    fn drop(&mut self) {
        self.goes_on();
    }
}

impl<B: HttpBody<Data = Bytes, Error = io::Error> + Unpin> HttpBody for Timed<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // The body first: what has come in time counts, although nobody looked before its time was
        // over.
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.goes_on();
            return frame;
        }
        if self.give_up.as_mut().poll(cx).is_pending() {
            self.is_awaited = true;
            // Only here does the connection wait for its client: the handler may have stopped
            // reading for reasons of its own.
            self.phases.lacks_body();
            return Poll::Pending;
        }
        self.goes_on();
        self.late.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
