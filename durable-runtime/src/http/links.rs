//! Links to an instance: the management payload.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use utoipa::ToSchema;

use super::base::Base;
use super::body::respond;
use super::capability::LinkSecret;
use super::capability::Verb;
use crate::client::Instance;
use crate::clock::Clock;
use crate::ids::InstanceId;

/// How many seconds a client should wait before its first look at an instance that it started.
const FIRST_LOOK: u32 = 10;

/// The characters that need no encoding in a part of a path.
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Links to instances, for your own handlers. [`Management::links`](super::Management::links) makes
/// them. They are signed like those of the management payload.
///
/// ```
/// use axum::extract::State;
/// use axum::response::Response;
/// use durable_runtime::http::Links;
/// use durable_runtime::prelude::*;
///
/// # #[orchestrator]
/// # async fn process_order(_ctx: &OrchestrationContext, order: String) -> String { order }
/// #[derive(Clone)]
/// struct App {
///     orders: ProcessOrderClient,
///     links: Links,
/// }
///
/// async fn place_order(State(app): State<App>, order: String) -> Result<Response, ClientError> {
///     let instance = app.orders.start(order).await?;
///     Ok(app.links.accepted(&instance)) // 202, Location, Retry-After
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Links {
    base: Base,
    signing: Option<Signing>,
}

/// How links are signed.
#[derive(Debug, Clone)]
pub(super) struct Signing {
    pub(super) secret: LinkSecret,
    pub(super) lifetime: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl Links {
    pub(super) fn new(base: Base, signing: Option<Signing>) -> Self {
        Self { base, signing }
    }

    /// Returns the URLs for everything that a caller can do with an instance. `{eventName}` and
    /// `{text}` are left for the caller to fill in.
    pub fn payload(&self, id: &InstanceId) -> ManagementPayload {
        let reason = |what, verb| self.url(id, what, Some("reason={text}"), verb);
        let plain = |what, verb| self.url(id, what, None, verb);
        ManagementPayload {
            id: id.clone(),
            status_query_get_uri: plain("", Verb::Status),
            send_event_post_uri: plain("/raiseEvent/{eventName}", Verb::RaiseEvent),
            terminate_post_uri: reason("/terminate", Verb::Terminate),
            purge_history_delete_uri: plain("", Verb::Purge),
            restart_post_uri: plain("/restart", Verb::Restart),
            suspend_post_uri: reason("/suspend", Verb::Suspend),
            resume_post_uri: reason("/resume", Verb::Resume),
            rewind_post_uri: reason("/rewind", Verb::Rewind),
            cancel_post_uri: plain("/cancel", Verb::Cancel),
        }
    }

    /// Returns the response to a request that has started an instance: 202 with the management
    /// payload, a `Location` with the URL of its status, and a `Retry-After` that says when to look.
    pub fn accepted<O>(&self, instance: &Instance<O>) -> Response {
        self.accepted_id(instance.id())
    }

    pub(super) fn accepted_id(&self, id: &InstanceId) -> Response {
        let payload = self.payload(id);
        let mut response = respond(StatusCode::ACCEPTED, &payload);
        look_again(
            response.headers_mut(),
            &payload.status_query_get_uri,
            FIRST_LOOK,
        );
        // The links are as good as keys for what they are for.
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn url(&self, id: &InstanceId, what: &str, query: Option<&str>, verb: Verb) -> String {
        let code = self.signing.as_ref().map(|signing| {
            let until = signing.clock.now() + signing.lifetime;
            format!("code={}", signing.secret.sign(verb, id, until))
        });
        let queries: Vec<_> = query.map(str::to_owned).into_iter().chain(code).collect();
        let mut url = format!("{}{what}", instance_path(&self.base, id));
        if !queries.is_empty() {
            url.push('?');
            url.push_str(&queries.join("&"));
        }
        url
    }
}

/// The URL of an instance.
pub(super) fn instance_path(base: &Base, id: &InstanceId) -> String {
    let id = utf8_percent_encode(id.as_str(), UNRESERVED);
    format!("{}/instances/{id}", base.as_str())
}

/// Adds headers that say where to look again, and after how many seconds.
pub(super) fn look_again(headers: &mut HeaderMap, location: &str, seconds: u32) {
    // A base that the user gave may hold what no header can; the links in the body are still right.
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
}

/// The URLs for everything that a caller can do with an instance, in the format of Durable
/// Functions: one for each verb.
///
/// `Debug` shows only the id, because the URLs may be signed.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(description = "The URLs for everything that a caller can do with an instance.")]
#[non_exhaustive]
pub struct ManagementPayload {
    /// The id of the instance.
    #[schema(value_type = String)]
    pub id: InstanceId,
    /// GET: returns its status.
    pub status_query_get_uri: String,
    /// POST: raises an event; fill in `{eventName}`.
    pub send_event_post_uri: String,
    /// POST: terminates it; fill in `{text}`.
    pub terminate_post_uri: String,
    /// DELETE: purges it.
    pub purge_history_delete_uri: String,
    /// POST: restarts it.
    pub restart_post_uri: String,
    /// POST: suspends it; fill in `{text}`.
    pub suspend_post_uri: String,
    /// POST: resumes it; fill in `{text}`.
    pub resume_post_uri: String,
    /// POST: rewinds it; fill in `{text}`.
    pub rewind_post_uri: String,
    /// POST: cancels it. Durable Functions has no such URL.
    pub cancel_post_uri: String,
}

impl std::fmt::Debug for ManagementPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManagementPayload")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
