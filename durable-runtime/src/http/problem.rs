//! Errors as responses.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::describe::JSON;
use super::describe::PROBLEM_JSON;
use crate::client::ClientError;
use crate::store::StoreError;

/// The media type of a problem in plain text.
const TEXT: &str = "text/plain; charset=utf-8";

/// Why a request was not done.
///
/// One body serves two kinds of readers: `Message` is Durable Functions', the rest is RFC 9457. Only the
/// media type differs: `application/problem+json` for requests that ask for it, else `application/json`.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    message: Cow<'static, str>,
    retry_after: Option<u32>,
    /// Whether what was asked for may have been done all the same.
    may_be_done: bool,
    /// What a client over HTTP is told: a member `error`.
    error: Option<Box<ClientError>>,
    /// Whether it is plain text for requests that accept plain text.
    or_text: bool,
}

/// Why a request was not done.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody<'a> {
    /// What is wrong, in the format of Durable Functions.
    #[serde(rename = "Message")]
    message: &'a str,
    /// `about:blank`: the status says what kind of problem it is.
    r#type: &'static str,
    /// The name of the status.
    title: &'a str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong.
    detail: &'a str,
    /// For the client of feature `http-client` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    error: Option<&'a ClientError>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after: None,
            may_be_done: false,
            error: None,
            or_text: false,
        }
    }

    /// A command that was not done, as a client over HTTP reads it: with a member `error`.
    pub(super) fn refused(error: ClientError) -> Self {
        let problem = Self::of(&error);
        Self {
            error: error.told().map(Box::new),
            ..problem
        }
    }

    pub(super) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn bad_parameter(key: &str, expected: &str) -> Self {
        Self::bad_request(format!("the query parameter `{key}` is to be {expected}"))
    }

    pub(super) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// A limit on requests was reached, which passes by itself.
    pub(super) fn too_many(message: &'static str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(1)
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Makes it plain text for requests that accept plain text, but not the form of RFC 9457.
    pub(super) fn or_text(mut self) -> Self {
        self.or_text = true;
        self
    }

    /// Adds how many seconds to wait before another try.
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Marks it: what was asked for may have been done all the same.
    pub(super) fn maybe_done(mut self) -> Self {
        self.may_be_done = true;
        self
    }

    /// Makes it the problem of a command that counts twice if its client sends it twice. Clients do so
    /// by themselves if the answer has a `Retry-After`.
    pub(super) fn of_command(self) -> Self {
        if !self.may_be_done {
            return self;
        }
        let message = format!(
            "{}; it may have been done all the same, so look before you send it again",
            self.message
        );
        Self {
            message: message.into(),
            ..self.without_repetition()
        }
    }

    /// Removes the advice to send the request again, if it may have been done.
    fn without_repetition(mut self) -> Self {
        self.retry_after = self.retry_after.filter(|_| !self.may_be_done);
        self
    }

    /// Makes the response to a request with these headers.
    pub(super) fn response(&self, asked: Option<&HeaderMap>) -> Response {
        let media_type = media_type(asked, self.or_text);
        let body = if media_type == TEXT {
            self.message.clone().into_owned()
        } else {
            self.body()
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn body(&self) -> String {
        let body = ProblemBody {
            message: &self.message,
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.message,
            error: self.error.as_deref(),
        };
        // Text and numbers always have a JSON form.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// The media type of a problem, among those that a request accepts.
fn media_type(asked: Option<&HeaderMap>, or_text: bool) -> &'static str {
    let accepts = asked.map(|headers| headers.get_all(header::ACCEPT));
    let accepts = accepts.into_iter().flatten();
    let accepts: Vec<_> = accepts
        .filter_map(|value| value.to_str().ok())
        .map(str::to_ascii_lowercase)
        .collect();
    let names = |media_type| accepts.iter().any(|accept| accept.contains(media_type));
    if names(PROBLEM_JSON) {
        PROBLEM_JSON
    } else if or_text && names("text/plain") {
        TEXT
    } else {
        JSON
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response(None)
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        Self::of(&error)
    }
}

impl Problem {
    fn of(error: &ClientError) -> Self {
        let status = match error {
            ClientError::AlreadyExists { .. } | ClientError::StillRunning { .. } => {
                StatusCode::CONFLICT
            }
            ClientError::NotFound { .. } | ClientError::NotCalled { .. } => StatusCode::NOT_FOUND,
            ClientError::AlreadyFinished { .. } | ClientError::AlreadyDelivered { .. } => {
                StatusCode::GONE
            }
            // Not 429: that is this server's own load, which its client waits out by itself.
            ClientError::Backlogged { .. } => StatusCode::CONFLICT,
            ClientError::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ClientError::InvalidInstanceId(_)
            | ClientError::InvalidEntityKey(_)
            | ClientError::NotRegistered(_)
            | ClientError::UndecodableInput(_)
            | ClientError::UndeclaredEvent(_)
            | ClientError::UndecodableEvent(_)
            | ClientError::LimitExceeded { .. } => StatusCode::BAD_REQUEST,
            // What is stored is not of the type that the code has, or cannot be reached; or another
            // server, which this one asks, does not do it.
            ClientError::Codec(_)
            | ClientError::Unavailable { .. }
            | ClientError::Closed { .. }
            | ClientError::Store { .. }
            | ClientError::Unreachable { .. }
            | ClientError::Unauthorized { .. }
            | ClientError::Forbidden { .. }
            | ClientError::TooManyRequests { .. }
            | ClientError::UnexpectedAnswer { .. } => return Self::of_server(error),
        };
        Self::new(status, error.to_string())
    }

    /// An error that is not the client's fault. Only the log shows the reason.
    fn of_server(error: &ClientError) -> Self {
        let transient = matches!(
            error,
            ClientError::Unavailable { .. }
                | ClientError::Closed { .. }
                | ClientError::Unreachable { .. }
                | ClientError::TooManyRequests { .. }
        );
        let why = error as &dyn std::error::Error;
        if is_told_by_the_store(error) {
            tracing::debug!(error = why, "a request over HTTP failed");
        } else {
            tracing::error!(error = why, "a request over HTTP failed");
        }
        let message = format!("{error}: the log of the server says why");
        if transient {
            let may_be_done = may_be_done(error);
            Self {
                may_be_done,
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(5)
            }
        } else {
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
        }
    }
}

/// Whether a command that failed with this error may have been done all the same. The store may have
/// become unavailable after its commit.
fn may_be_done(error: &ClientError) -> bool {
    match error {
        ClientError::Unavailable { source, .. } => {
            !matches!(source.downcast_ref(), Some(StoreError::Full { .. }))
        }
        ClientError::Unreachable { .. } => true,
        _ => false,
    }
}

/// Whether the store itself logs the error: a full disk fails every request, and one line is enough.
fn is_told_by_the_store(error: &ClientError) -> bool {
    let ClientError::Unavailable { source, .. } = error else {
        return false;
    };
    let source = source.downcast_ref();
    source.is_some_and(|source| {
        matches!(
            source,
            StoreError::Full { .. } | StoreError::FileChanged { .. }
        )
    })
}

/// The response with which the async HTTP API answers such an error: 404, 409, 410, 413 and the like,
/// with a body that says what is wrong. So your own handler can return the error. If the store fails,
/// this logs the error, and the answer is 500 or 503 without details. A 503 has `Retry-After` only if
/// nothing can have been done.
impl IntoResponse for ClientError {
    fn into_response(self) -> Response {
        Problem::from(self).without_repetition().into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_store(source: StoreError) -> Problem {
        let source = Box::new(source);
        let action = "read the instance".into();
        Problem::from(if source.is_transient() {
            ClientError::Unavailable { action, source }
        } else {
            ClientError::Store { action, source }
        })
    }

    #[test]
    fn a_store_that_fails_is_no_fault_of_the_client_and_tells_no_details() {
        let away = of_store(StoreError::Unavailable {
            action: "ask",
            source: "secret.db is locked".into(),
        });
        let response = away.response(None);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert!(!away.message.contains("secret.db"), "{}", away.message);
        let full = of_store(StoreError::Full {
            action: "write",
            source: "/var/secret is full".into(),
        });
        let response = full.response(None);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!full.message.contains("/var/secret"), "{}", full.message);
        let broken = of_store(StoreError::Database {
            action: "ask",
            source: "secret.db is malformed".into(),
        });
        let response = broken.response(None);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let expected = "failed to read the instance: the log of the server says why";
        assert_eq!(broken.message, expected);
    }
}
