//! Asking a server: requests, repetitions, and answers that are not trusted.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::Url;
use reqwest::header;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::commands::ClientError;

/// The wait between two tries doubles, from the shortest to the longest.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// The most bytes that the client reads of an answer that says why a command was not done.
const PROBLEM_BYTES: usize = 64 * 1024;

/// The most characters of a server's text that an error repeats.
const WORDS: usize = 500;

/// The prefix of a key in a header.
pub(super) const BEARER: &str = "Bearer ";

/// A server and how to reach it. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) http: reqwest::Client,
    pub(super) url: Url,
    /// Its URL without a path, for errors.
    pub(super) name: Arc<str>,
    pub(super) key: Option<HeaderValue>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) patience: Duration,
    pub(super) request_time: Duration,
    pub(super) answer_bytes: usize,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url.as_str())
            .field("has_key", &self.key.is_some())
            .field("patience", &self.patience)
            .field("request_time", &self.request_time)
            .field("answer_bytes", &self.answer_bytes)
            .finish_non_exhaustive()
    }
}

/// A request to a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    path: &'static str,
    query: &'a [(&'static str, &'a str)],
    waits: Duration,
    once: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn new(path: &'static str) -> Self {
        Self {
            path,
            query: &[],
            waits: Duration::ZERO,
            once: false,
        }
    }

    /// Sets the query, which names the target.
    pub(super) fn about(self, query: &'a [(&'static str, &'a str)]) -> Self {
        Self { query, ..self }
    }

    /// Says that the server may wait this long before it answers.
    pub(super) fn waits(self, waits: Duration) -> Self {
        Self { waits, ..self }
    }

    /// Says that the client must not repeat it once it may have arrived.
    pub(super) fn once(self) -> Self {
        Self { once: true, ..self }
    }
}

/// Why a try failed.
struct Failed {
    error: ClientError,
    again: Again,
    /// When to try again, if the server says so.
    after: Option<Duration>,
}

/// Whether another try makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    No,
    /// Yes, if the command counts once however often it arrives.
    IfRepeatable,
    /// Yes: the server did not do it.
    Yes,
}

impl Failed {
    fn new(error: ClientError, again: Again) -> Self {
        Self {
            error,
            again,
            after: None,
        }
    }
}

impl Server {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn wait(&self, wait: Duration) {
        self.clock.sleep_for(wait).await;
    }

    /// Asks until there is an answer or the time for repeating is over.
    pub(super) async fn ask<B, T>(&self, ask: Ask<'_>, body: &B) -> Result<T, ClientError>
    where
        B: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        let body = json(body)?;
        let until = self.clock.monotonic() + self.patience;
        let mut wait = SHORTEST_WAIT;
        loop {
            let failed = match self.try_once(&ask, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let next = wait.max(failed.after.unwrap_or_default());
            let makes_sense = match failed.again {
                Again::No => false,
                Again::IfRepeatable => !ask.once,
                Again::Yes => true,
            };
            if !makes_sense || self.clock.monotonic() + next > until {
                return Err(failed.error);
            }
            self.wait(next).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Asks once.
    pub(super) async fn ask_once<B, T>(&self, ask: &Ask<'_>, body: &B) -> Result<T, ClientError>
    where
        B: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        let tried = self.try_once(ask, json(body)?).await;
        tried.map_err(|failed| failed.error)
    }

    async fn try_once<T: DeserializeOwned>(
        &self,
        ask: &Ask<'_>,
        body: Vec<u8>,
    ) -> Result<T, Failed> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), ask.path));
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.query);
        }
        let mut request = self
            .http
            .post(url)
            .timeout(self.request_time.saturating_add(ask.waits))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, key);
        }
        let response = request.send().await.map_err(|error| {
            let again = if error.is_builder() {
                Again::No
            } else if error.is_connect() {
                Again::Yes
            } else {
                Again::IfRepeatable
            };
            Failed::new(self.unreachable(error.without_url()), again)
        })?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).await);
        }
        let answer = self.read(response, self.answer_bytes).await?;
        serde_json::from_slice(&answer).map_err(|error| {
            // It may repeat what the answer says.
            let problem = format!("it does not decode as the expected answer: {error}");
            let problem = self.words(&problem);
            Failed::new(self.unexpected(problem), Again::No)
        })
    }

    /// Reads an answer, unless it exceeds the limit.
    async fn read(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, Failed> {
        let too_large = || {
            let problem = format!("it has more than {limit} bytes");
            Failed::new(self.unexpected(problem), Again::No)
        };
        let announced = response.content_length().unwrap_or_default();
        if usize::try_from(announced).map_or(true, |bytes| bytes > limit) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| {
            Failed::new(self.unreachable(error.without_url()), Again::IfRepeatable)
        })? {
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Why the server did not do it.
    async fn refused(&self, response: Response) -> Failed {
        let status = response.status();
        let after = retry_after(&response);
        let problem = match self.read(response, PROBLEM_BYTES).await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|_| Problem {
                detail: String::from_utf8_lossy(&bytes).into_owned(),
                error: None,
            }),
            Err(_) => Problem::default(),
        };
        let reason = self.words(&problem.detail);
        let refusal = problem
            .error
            .and_then(|error| serde_json::from_value::<ClientError>(error).ok());
        let unavailable = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        );
        let again = match status {
            // The guard says so, which lets nothing through.
            StatusCode::TOO_MANY_REQUESTS => Again::Yes,
            _ if unavailable => Again::IfRepeatable,
            _ => Again::No,
        };
        let server = || self.name().to_owned();
        let error = match (refusal, status) {
            (Some(refusal), _) => refusal.because(reason),
            (None, StatusCode::UNAUTHORIZED) => ClientError::Unauthorized {
                server: server(),
                reason,
            },
            (None, StatusCode::FORBIDDEN) => ClientError::Forbidden {
                server: server(),
                reason,
            },
            (None, StatusCode::TOO_MANY_REQUESTS) => ClientError::TooManyRequests {
                server: server(),
                reason,
            },
            (None, _) if unavailable => self.unreachable(format!("{status}: {reason}")),
            (None, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => self.unexpected(
                format!("{status}: the API that this client needs is not at this URL: {reason}"),
            ),
            (None, _) => self.unexpected(format!("{status}: {reason}")),
        };
        Failed {
            error,
            again,
            after,
        }
    }

    /// Makes a server's text fit for an error: without control characters, not too long, and without
    /// the key if the server repeats it.
    fn words(&self, text: &str) -> String {
        let key = self.key.as_ref().and_then(|key| key.to_str().ok());
        let key = key.and_then(|key| key.strip_prefix(BEARER));
        let text = match key {
            Some(key) => text.replace(key, "…"),
            None => text.to_owned(),
        };
        let characters = text.trim().chars().take(WORDS);
        characters
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    }

    fn unreachable(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> ClientError {
        ClientError::Unreachable {
            server: self.name().to_owned(),
            source: source.into(),
        }
    }

    fn unexpected(&self, problem: String) -> ClientError {
        ClientError::UnexpectedAnswer {
            server: self.name().to_owned(),
            problem,
        }
    }
}

/// The part that the client reads of an answer that says why a command was not done.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

fn json<B: Serialize + ?Sized>(body: &B) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(body).map_err(|error| ClientError::Store {
        action: "write the command as JSON".into(),
        source: error.into(),
    })
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let seconds = value.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
