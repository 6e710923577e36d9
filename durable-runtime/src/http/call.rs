//! A request on its way to its handler: it is read, let in, and then handled.

use std::sync::Mutex;
use std::sync::PoisonError;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::extract::RawPathParams;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::future::BoxFuture;

use super::access::Access;
use super::access::Action;
use super::access::Target;
use super::api::Api;
use super::base::Base;
use super::body;
use super::guard::Admitted;
use super::places::Places;
use super::places::Waits;
use super::problem::Problem;
use super::query::Query;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::InvalidEntityKey;
use crate::ids::InvalidInstanceId;
use crate::payload::Payload;

/// A request that was let in.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) api: Api,
    pub(super) target: Target,
    pub(super) query: Query,
    pub(super) base: Base,
    pub(super) admitted: Admitted,
    head: Parts,
    /// The parameters of the path, decoded.
    path: Vec<(String, String)>,
    /// The lock only makes a call `Sync`; nobody ever waits for it.
    body: Mutex<Body>,
}

/// The response to a request, or why there is none.
pub(super) type Answer = Result<Response, Problem>;

/// Makes a handler from a function, for a route with this path. The function gets only requests that
/// were let in to do `action`.
pub(super) fn guarded<H, F>(
    action: Action,
    path: &str,
    handler: H,
) -> impl Fn(State<Api>, Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    H: Fn(Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let parameters = path.matches('{').count();
    guarded_at(Place::Path { parameters }, action, handler)
}

/// Like [`guarded`], for a route that names its target in the query, and that no link opens.
pub(super) fn guarded_command<H, F>(
    action: Action,
    handler: H,
) -> impl Fn(State<Api>, Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    H: Fn(Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    guarded_at(Place::Query, action, handler)
}

/// Where a request names its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the last parameters of the path, as many as this says. Those before them belong to the path
    /// where the router is nested.
    Path {
        parameters: usize,
    },
    Query,
}

fn guarded_at<H, F>(
    place: Place,
    action: Action,
    handler: H,
) -> impl Fn(State<Api>, Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    H: Fn(Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    move |State(api), request| {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let headers = parts.headers.clone();
            let answer =
                async { handler(Call::admit(api, place, action, parts, body).await?).await };
            let response = answer
                .await
                .unwrap_or_else(|problem| problem.response(Some(&headers)));
            hardened(response)
        })
    }
}

/// Adds the header that keeps browsers from guessing another media type.
fn hardened(mut response: Response) -> Response {
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

impl Call {
    async fn admit(
        api: Api,
        place: Place,
        action: Action,
        mut parts: Parts,
        body: Body,
    ) -> Result<Self, Problem> {
        let mut path = path_of(&mut parts).await?;
        if let Place::Path { parameters } = place {
            // The app around this router may have parameters of its own, which come first.
            path.drain(..path.len().saturating_sub(parameters));
        }
        let query = Query::read(parts.uri.query().unwrap_or_default())?;
        let target = match place {
            Place::Path { .. } => target_of(action, |name| param(&path, name))?,
            // A parameter without a value counts as absent, and a key may be empty.
            Place::Query => target_of(action, |name| {
                query.get(name).or_else(|| (name == "key").then_some(""))
            })?,
        };
        // Links are for the described routes, whose paths name their instances.
        let code = query.get("code").filter(|_| place != Place::Query);
        let access = Access {
            action,
            target: &target,
            parts: &parts,
        };
        // Before the body is read and before the request counts: whoever is not let in costs as
        // little as possible.
        let admitted = api.guard.check(access, code).await?;
        api.count()?;
        let base = api.base.clone().unwrap_or_else(|| Base::of_request(&parts));
        Ok(Self {
            api,
            target,
            query,
            base,
            admitted,
            head: parts,
            path,
            body: Mutex::new(body),
        })
    }

    /// Checks whether its sender may also do another action, for which its body asks.
    pub(super) async fn also(&self, action: Action, target: &Target) -> Result<(), Problem> {
        let access = Access {
            action,
            target,
            parts: &self.head,
        };
        // Without the code of a link, which is good for one action only.
        self.api.guard.check(access, None).await.map(drop)
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Returns a parameter of the path.
    pub(super) fn param(&self, name: &str) -> Result<&str, Problem> {
        param(&self.path, name).ok_or_else(no_such_path)
    }

    /// Takes a place among the requests that wait for something.
    pub(super) fn wait(&self) -> Result<Waits, Problem> {
        let of_server = self.head.extensions.get::<Places>();
        self.api.waiting.take(of_server)
    }

    /// Returns the instance that is the target.
    pub(super) fn instance(&self) -> Result<InstanceId, Problem> {
        match &self.target {
            Target::Instance(id) => Ok(id.clone()),
            _ => Err(no_such_path()),
        }
    }

    /// Returns the entity that is the target.
    pub(super) fn entity(&self) -> Result<EntityId, Problem> {
        match &self.target {
            Target::Entity(id) => Ok(id.clone()),
            _ => Err(no_such_path()),
        }
    }

    /// Reads the body. A second call returns nothing.
    pub(super) async fn bytes(&mut self) -> Result<Bytes, Problem> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let body = std::mem::take(body);
        body::read(&self.head.headers, body, &self.api.limits).await
    }

    /// Reads the body as JSON; `None` if it is empty.
    pub(super) async fn json(&mut self) -> Result<Option<Payload>, Problem> {
        body::json(&self.bytes().await?, &self.api.limits)
    }

    /// Runs a request to the hub, and gives up when it takes too long.
    pub(super) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let done = body::within(self.api.limits.request_time, work).await;
        done.unwrap_or_else(|| {
            let message = "the hub did not answer in time";
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, message);
            // The work is dropped, but what it asked of the store may still be done.
            Err(problem.retry_after(5).maybe_done())
        })
    }

    /// Like [`in_time`](Self::in_time), for what counts twice if its client asks twice.
    pub(super) async fn once_in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        self.in_time(work).await.map_err(Problem::of_command)
    }
}

async fn path_of(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let path = RawPathParams::from_request_parts(parts, &()).await;
    let path = path.map_err(|_| Problem::bad_request("the path is not UTF-8"))?;
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(path.collect())
}

fn param<'a>(path: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = path.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

fn no_such_path() -> Problem {
    Problem::not_found("there is nothing at this path")
}

fn target_of<'a>(
    action: Action,
    param: impl Fn(&'static str) -> Option<&'a str>,
) -> Result<Target, Problem> {
    let required = |name| param(name).ok_or_else(no_such_path);
    let id = |id| InstanceId::new(id).map_err(|error| invalid_id(&error));
    Ok(match action {
        Action::Start => Target::Orchestrator {
            name: required("name")?.to_owned(),
            id: param("id").map(id).transpose()?,
        },
        Action::ReadDescription => Target::Api,
        Action::ListInstances | Action::PurgeInstances => Target::Instances,
        Action::ReadLanes => Target::Hub,
        Action::ListEntities => Target::Entities(param("name").map(str::to_owned)),
        Action::ReadEntity
        | Action::SignalEntity
        | Action::WithdrawSignal
        | Action::DeleteEntity => {
            let id = EntityId::new(required("name")?, required("key")?);
            let invalid = |error: InvalidEntityKey| Problem::bad_request(error.to_string());
            id.check_key().map_err(invalid)?;
            Target::Entity(id)
        }
        Action::ReadStatus
        | Action::WatchStatus
        | Action::RaiseEvent
        | Action::Terminate
        | Action::Suspend
        | Action::Resume
        | Action::Cancel
        | Action::Rewind
        | Action::Restart
        | Action::Purge => Target::Instance(id(required("id")?)?),
    })
}

fn invalid_id(error: &InvalidInstanceId) -> Problem {
    Problem::bad_request(error.to_string())
}
