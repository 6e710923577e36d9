//! Many instances: lists and purges.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::paging;
use super::paging::CONTINUATION;
use super::problem::Problem;
use super::query::Query;
use super::status_object::StatusObject;
use super::status_object::statuses_named;
use crate::client;
use crate::commands::Commands;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::work::InstanceStatus;

/// How many instances a page has, unless the request sets another number.
const PAGE: u32 = 100;

/// The statuses for which a request can ask.
const STATUSES: &[&str] = &[
    "Running",
    "Pending",
    "Completed",
    "Failed",
    "Terminated",
    "Suspended",
    "Canceled",
    "ContinuedAsNew",
    "Stalled",
];

/// `GET /instances`
pub(super) async fn list(call: Call) -> Answer {
    let show_input = call.query.flag("showInput", true)?;
    let top = call.query.number("top", PAGE, call.api.limits.page)?;
    let after = paging::read(call.headers())?;
    let page = match filter(&call.query)? {
        Some(filter) => {
            let page = async { Ok(call.api.commands.instances(&filter, after, top).await?) };
            call.in_time(page).await?
        }
        None => InstancePage {
            instances: Vec::new(),
            next: None,
        },
    };
    let objects = page
        .instances
        .into_iter()
        .map(|row| StatusObject::new(row, show_input));
    let objects: Vec<_> = objects.collect();
    let mut response = respond(StatusCode::OK, &objects);
    if let Some(token) = page.next.as_ref().and_then(paging::write) {
        response.headers_mut().insert(CONTINUATION, token);
    }
    Ok(response)
}

/// `GET /counts`
pub(super) async fn count(call: Call) -> Answer {
    let counts = match filter(&call.query)? {
        Some(filter) => {
            let counts = async { Ok(client::counts(&*call.api.commands, &filter).await?) };
            call.in_time(counts).await?
        }
        None => BTreeMap::new(),
    };
    let named = |status: InstanceStatus| (status.to_string(), counts.get(&status).copied());
    let counts = InstanceStatus::ALL.map(named).into_iter();
    let counts = counts.map(|(name, count)| (name, count.unwrap_or(0)));
    Ok(respond(StatusCode::OK, &counts.collect::<BTreeMap<_, _>>()))
}

/// `DELETE /instances`
pub(super) async fn purge(call: Call) -> Answer {
    let filter = filter(&call.query)?;
    if call.query.get("createdTimeFrom").is_none() {
        let message = "the query parameter `createdTimeFrom` is required, so that nobody deletes everything by mistake";
        return Err(Problem::bad_request(message));
    }
    let deleted = match filter {
        Some(filter) => purge_all(&*call.api.commands, &filter).await?,
        None => 0,
    };
    if deleted == 0 {
        return Err(Problem::not_found("no ended instance matches"));
    }
    Ok(respond(StatusCode::OK, &Deleted::new(deleted)))
}

/// `GET /instances`
pub(super) fn list_description() -> Description {
    Description::new(
        "listInstances",
        "Instances",
        "Lists instances, page by page",
    )
    .filtered()
    .query(
        "createdTimeFrom",
        describe::time_or_nothing(),
        "Only those created at this time or later.",
    )
    .query(
        "showInput",
        describe::boolean(true),
        "Whether inputs are shown.",
    )
    .page()
    .answers(
        200,
        paging::described(describe::json(
            "A page of instances.",
            describe::list(describe::of::<StatusObject>()),
        )),
    )
}

/// `GET /counts`
pub(super) fn count_description() -> Description {
    let about = "How many of each status. Those that are `Stalled` are not among the `Running` ones \
                 here.";
    let summary = "Counts instances by their status";
    Description::new("countInstances", "Instances", summary)
        .filtered()
        .query(
            "createdTimeFrom",
            describe::time_or_nothing(),
            "Only those created at this time or later.",
        )
        .answers(
            200,
            describe::json(
                about,
                describe::numbers(&InstanceStatus::ALL.map(|s| s.to_string())),
            ),
        )
}

/// `DELETE /instances`
pub(super) fn purge_description() -> Description {
    Description::new(
        "purgeInstances",
        "Instances",
        "Purges the ended instances that match",
    )
    .filtered()
    .required_query(
        "createdTimeFrom",
        describe::time(),
        "Only those created at this time or later.",
    )
    .answers(
        200,
        describe::json(
            "They were purged, with their sub-orchestrations.",
            describe::of::<Deleted>(),
        ),
    )
    .refuses(404, "No ended instance matches.")
}

impl Description {
    /// Adds the parameters that select instances.
    fn filtered(self) -> Self {
        self.list_query("runtimeStatus", STATUSES, "Only instances with these statuses. `Stalled` selects the `Running` instances that no worker can run.")
            .query("createdTimeTo", describe::time_or_nothing(), "Only those created at this time or earlier.")
            .query("instanceIdPrefix", describe::string(), "Only those whose id begins like this.")
    }
}

/// How many instances were deleted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deleted {
    /// The number of deleted instances, including sub-orchestrations.
    instances_deleted: u64,
}

impl Deleted {
    pub(super) fn new(instances_deleted: u64) -> Self {
        Self { instances_deleted }
    }
}

/// Purges ended instances with their sub-orchestrations, chunk by chunk.
pub(super) async fn purge_all(
    commands: &dyn Commands,
    filter: &InstanceFilter,
) -> Result<u64, Problem> {
    let (mut deleted, mut after) = (0, None);
    loop {
        let purged = commands.purge(filter, true, after).await?;
        deleted += purged.instances;
        match purged.next {
            Some(next) => after = Some(next),
            None => return Ok(deleted),
        }
    }
}

/// The filter for the instances that a query selects; `None` if it selects none.
fn filter(query: &Query) -> Result<Option<InstanceFilter>, Problem> {
    let mut statuses = Vec::new();
    let mut names = query
        .all("runtimeStatus")
        .flat_map(|names| names.split(','))
        .map(str::trim)
        .peekable();
    // Told apart from a list of statuses that nothing has: no list means all, that one means none.
    let any_status = names.peek().is_none();
    for name in names {
        let found = statuses_named(name).ok_or_else(|| {
            let expected = format!("a list of {}", STATUSES.join(", "));
            Problem::bad_parameter("runtimeStatus", &expected)
        });
        statuses.extend(found?);
    }
    let filter = InstanceFilter {
        statuses,
        id_prefix: query.get("instanceIdPrefix").map(str::to_owned),
        created_from: query.time("createdTimeFrom")?,
        created_before: query.time_until("createdTimeTo")?,
        ..InstanceFilter::default()
    };
    Ok(Some(filter).filter(|filter| any_status || !filter.statuses.is_empty()))
}
