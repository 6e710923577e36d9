//! The settings of a client over HTTP.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;

use super::HttpCommands;
use super::server::BEARER;
use super::server::Server;
use crate::client::Client;
use crate::clock::SystemClock;

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Makes [`HttpCommands`]. `Debug` does not show the key.
#[derive(Clone)]
#[must_use = "nothing is made before `build`"]
pub struct HttpCommandsBuilder {
    url: String,
    key: Option<String>,
    in_clear: bool,
    patience: Duration,
    request_time: Duration,
    answer_bytes: usize,
}

impl HttpCommandsBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            key: None,
            in_clear: false,
            patience: Duration::from_secs(10),
            request_time: Duration::from_secs(45),
            answer_bytes: 64 * 1024 * 1024,
        }
    }

    /// Sets the key to send. Without a key, only a server on this machine answers.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sends the key to another machine even without TLS. Everybody in between can then read it.
    pub fn key_in_clear(mut self) -> Self {
        self.in_clear = true;
        self
    }

    /// Sets for how long the client asks again if it cannot reach the server: 10 seconds by default.
    /// With `Duration::ZERO` it does not ask again.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how long one request may take: 45 seconds by default. The time that the server waits for
    /// a change comes on top.
    pub fn request_time(mut self, time: Duration) -> Self {
        self.request_time = time;
        self
    }

    /// Sets the maximum size of an answer in bytes: 64 MiB by default. A history is one answer.
    pub fn answer_bytes(mut self, bytes: usize) -> Self {
        self.answer_bytes = bytes;
        self
    }

    /// Builds the commands. It sends no request yet.
    ///
    /// # Errors
    /// [`HttpConfigError`].
    pub fn build(self) -> Result<HttpCommands, HttpConfigError> {
        let url = url_of(&self.url)?;
        let is_here = is_loopback(&url);
        let is_tls = url.scheme() == "https";
        let name = url.origin().ascii_serialization();
        let key = match &self.key {
            None => None,
            // A key that everybody on the way can read is no key; whoever wants it all the same has
            // to say so.
            Some(_) if !is_tls && !is_here && !self.in_clear => {
                return Err(HttpConfigError::KeyInClear { server: name });
            }
            Some(key) => Some(header_of(key)?),
        };
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(is_tls)?)
            // A command is meant for this server, and is not sent on to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME);
        if is_here {
            // A proxy of the environment is for the outside, and would be given what is meant for
            // this machine.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| HttpConfigError::Tls {
            source: error.into(),
        })?;
        let server = Server {
            http,
            url,
            name: name.into(),
            key,
            clock: Arc::new(SystemClock),
            patience: self.patience,
            request_time: self.request_time,
            answer_bytes: self.answer_bytes,
        };
        Ok(HttpCommands { server })
    }
}

impl fmt::Debug for HttpCommandsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL could have a password in it: it is checked by `build`.
        f.debug_struct("HttpCommandsBuilder")
            .field("has_key", &self.key.is_some())
            .field("in_clear", &self.in_clear)
            .field("patience", &self.patience)
            .field("request_time", &self.request_time)
            .field("answer_bytes", &self.answer_bytes)
            .finish_non_exhaustive()
    }
}

fn url_of(text: &str) -> Result<Url, HttpConfigError> {
    let invalid = |problem: &str| HttpConfigError::Url {
        problem: problem.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("it does not begin with `https://` or `http://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it contains a user: pass the key on its own"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a `?` or a `#`"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = host.parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn header_of(key: &str) -> Result<HeaderValue, HttpConfigError> {
    let is_text = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::from_str(&format!("{BEARER}{key}")).ok();
    let mut value = value.filter(|_| is_text).ok_or(HttpConfigError::Key)?;
    // What shows headers does not show this one.
    value.set_sensitive(true);
    Ok(value)
}

/// The certificates that the machine trusts, checked with cryptography that needs only a C compiler.
fn tls(is_used: bool) -> Result<ClientConfig, HttpConfigError> {
    let failed = |source: rustls::Error| HttpConfigError::Tls {
        source: source.into(),
    };
    // Given by hand: the process may have no default provider, or one that was set by somebody
    // else.
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions();
    let config = config.map_err(failed)?;
    let config = if is_used {
        config.with_platform_verifier().map_err(failed)?
    } else {
        // Without TLS nothing is verified, and the system's certificates need not be read.
        config.with_root_certificates(RootCertStore::empty())
    };
    Ok(config.with_no_client_auth())
}

/// Why a client over HTTP could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpConfigError {
    /// The API cannot be at this URL.
    #[error("the URL of the server cannot be used: {problem}")]
    Url {
        /// What is wrong with the URL.
        problem: String,
    },
    /// The key would be sent over the network in clear text.
    #[error(
        "the key would be sent to {server} without TLS: use `https://`, or `key_in_clear` where nobody can listen"
    )]
    KeyInClear {
        /// The server.
        server: String,
    },
    /// The key is empty or contains characters that no key has.
    #[error("the key is empty, or has characters other than the visible ones of ASCII")]
    Key,
    /// The machine's certificates cannot be read, or TLS is not available.
    #[error("failed to set up TLS")]
    Tls {
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Client {
    /// Returns a client for the hub behind the API at `url`, prefix included. The server needs the
    /// feature `http`. The typed clients work as they do on a store. [`HttpCommands::builder`] has
    /// more settings.
    ///
    /// ```no_run
    /// use durable_runtime::prelude::*;
    ///
    /// # #[orchestrator]
    /// # async fn greet(_ctx: &OrchestrationContext, name: String) -> String { name }
    /// # async fn example(key: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::http("https://shop.example/durable", key)?;
    /// let greeting = GreetClient::new(client).start("Ada".to_owned()).await?;
    /// println!("{}", greeting.result().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`HttpConfigError`]. It sends no request yet.
    pub fn http(url: impl Into<String>, key: impl Into<String>) -> Result<Self, HttpConfigError> {
        let commands = HttpCommands::builder(url).key(key).build()?;
        Ok(Self::new(Arc::new(commands)))
    }
}
