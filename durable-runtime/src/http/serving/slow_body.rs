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
    if body.is_end_stream() {
        return (Body::empty(), late);
    }
    let timed = Timed {
        body: body.map_err(io::Error::other),
        give_up: Box::pin(after(time)),
        late: late.clone(),
        phases,
    };
    (Body::new(timed), late)
}

struct Timed<B> {
    body: B,
    give_up: Pin<Box<Sleep>>,
    late: Late,
    phases: Phases,
}

impl<B: HttpBody<Data = Bytes, Error = io::Error> + Unpin> HttpBody for Timed<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            if self.body.is_end_stream() || matches!(frame, Poll::Ready(None)) {
                self.phases.has_body();
            }
            return frame;
        }
        if self.give_up.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
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
