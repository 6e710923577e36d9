//! The router and its configuration.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use governor::Quota;
use governor::RateLimiter;

use super::accepted::DEFAULT_PREFIX;
use super::access::Authorizer;
use super::api::Api;
use super::base::Base;
use super::capability::LinkSecret;
use super::closing::Closing;
use super::guard::Guard;
use super::key::Key;
use super::limits::HttpLimits;
use super::links::Links;
use super::links::Signing;
use super::openapi;
use super::openapi::Additions;
use super::openapi::LetsIn;
#[cfg(feature = "schemars")]
use super::payloads;
use super::places::Places;
use super::routes;
use crate::client::Client;
use crate::clock::Clock;
use crate::clock::SystemClock;
use crate::commands::Commands;
#[cfg(feature = "schemars")]
use crate::schemas::PayloadSchemas;

/// How long a link is valid, unless the user sets another time.
const LINK_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Returns the management API for this machine alone; [`Management`] can also let others in. Mount
/// it under any prefix, and serve it with the peers' addresses, as [`serve`](super::serve) does:
///
/// ```no_run
/// # async fn example(client: durable_runtime::Client) -> std::io::Result<()> {
/// let app = axum::Router::new().nest("/durable", durable_runtime::http::router(client));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// durable_runtime::http::serve(listener, app).await;
/// # Ok(())
/// # }
/// ```
pub fn router(client: impl Into<Client>) -> Router {
    Management::new(client).router()
}

/// The management API with its configuration.
///
/// ```
/// use durable_runtime::http::{Key, Management, Scope};
///
/// # fn example(client: durable_runtime::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let management = Management::new(client)
///     .key(Key::hashed("5f1d…", [Scope::Read, Scope::Start])?)
///     .base_url("https://shop.example/durable");
/// let app: axum::Router = axum::Router::new().nest("/durable", management.router());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Management {
    commands: Arc<dyn Commands>,
    keys: Vec<Key>,
    authorizer: Option<Arc<dyn Authorizer>>,
    secret: Option<LinkSecret>,
    made_up: Option<LinkSecret>,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
    base: Option<Base>,
    limits: HttpLimits,
    closing: Closing,
    told: AtomicBool,
    #[cfg(feature = "schemars")]
    schemas: PayloadSchemas,
}

impl Management {
    /// Creates the management API of the client's hub.
    pub fn new(client: impl Into<Client>) -> Self {
        let made_up = LinkSecret::generate().inspect_err(|error| {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "links are not signed"
            );
        });
        Self {
            commands: Arc::clone(client.into().commands()),
            keys: Vec::new(),
            authorizer: None,
            secret: None,
            // Without randomness links cannot be signed; the API is served all the same, by its
            // keys.
            made_up: made_up.ok(),
            lifetime: LINK_LIFETIME,
            clock: Arc::new(SystemClock),
            base: None,
            limits: HttpLimits::default(),
            closing: Closing::new(),
            told: AtomicBool::new(false),
            #[cfg(feature = "schemars")]
            schemas: PayloadSchemas::default(),
        }
    }

    /// Lets in requests with this key, for what its scopes allow. You can call it again to add
    /// another key.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// Lets in the requests that `authorizer` allows.
    #[must_use]
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizer = Some(Arc::new(authorizer));
        self
    }

    /// Signs links with this secret, even if there is neither a key nor an authorizer. In that case
    /// a link lets other machines in for its own purpose; only this machine may do anything else.
    #[must_use]
    pub fn link_secret(mut self, secret: LinkSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets how long a link is valid: 7 days by default.
    #[must_use]
    pub fn link_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the URL under which callers reach the router, for use in links:
    /// `https://shop.example/durable`, or `/durable` for links without a host. By default links
    /// follow the request's `Host` and path, which is wrong behind a proxy.
    #[must_use]
    pub fn base_url(mut self, base: impl AsRef<str>) -> Self {
        self.base = Some(Base::new(base.as_ref()));
        self
    }

    /// Sets the limits on requests.
    #[must_use]
    pub fn limits(mut self, limits: HttpLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds the types of these orchestrators and events to `/openapi.json`: those that a
    /// [`Runtime`](crate::Runtime::payload_schemas) has registered, or those of a
    /// [`Registry`](crate::registry::Registry::payload_schemas) if the workers run elsewhere.
    #[cfg(feature = "schemars")]
    #[must_use]
    pub fn payload_schemas(mut self, schemas: PayloadSchemas) -> Self {
        self.schemas = schemas;
        self
    }

    /// Sets the clock that decides when links expire.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Returns a handle that ends the waiting requests, for a graceful shutdown.
    pub fn closing(&self) -> Closing {
        self.closing.clone()
    }

    /// Returns links for your own handlers. They go to [`base_url`](Self::base_url), or to
    /// `/durable` if none is set.
    pub fn links(&self) -> Links {
        let base = self.base.clone();
        let base = base.unwrap_or_else(|| Base::new(DEFAULT_PREFIX));
        Links::new(base, self.signing())
    }

    /// Returns the router.
    pub fn router(&self) -> Router {
        let guard = Guard {
            keys: self.keys.as_slice().into(),
            authorizer: self.authorizer.clone(),
            signing: self.signing(),
        };
        // Once, however many routers are made of it.
        if guard.is_open_to_loopback() && !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "the management API has no keys and no authorizer: it serves this machine alone"
            );
        }
        let rate = self.limits.per_second.map(|per_second| {
            let quota = Quota::per_second(per_second);
            Arc::new(RateLimiter::direct(quota))
        });
        let lets_in = LetsIn {
            keys: !guard.is_open_to_loopback(),
            links: guard.signing.is_some(),
        };
        let description = openapi::document(lets_in, self.additions());
        routes::router(Api {
            commands: Arc::clone(&self.commands),
            guard,
            waiting: Places::new(self.limits.waiting),
            limits: Arc::new(self.limits.clone()),
            closing: self.closing.clone(),
            base: self.base.clone(),
            rate,
            description: Arc::new(description),
        })
    }

    /// The parts of the description besides the routes.
    #[cfg(feature = "schemars")]
    fn additions(&self) -> Additions {
        payloads::additions(&self.schemas, openapi::schema_names())
    }

    /// The parts of the description besides the routes.
    #[cfg(not(feature = "schemars"))]
    #[expect(clippy::unused_self, reason = "with `schemars` it is used")]
    fn additions(&self) -> Additions {
        Additions::default()
    }

    fn signing(&self) -> Option<Signing> {
        let is_open = self.keys.is_empty() && self.authorizer.is_none();
        // Where everybody on this machine may do all, a code would only make links longer.
        let made_up = self.made_up.clone().filter(|_| !is_open);
        let secret = self.secret.clone().or(made_up)?;
        Some(Signing {
            secret,
            lifetime: self.lifetime,
            clock: Arc::clone(&self.clock),
        })
    }
}
