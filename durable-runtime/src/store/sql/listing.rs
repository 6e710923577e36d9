//! Pages of instances.
//!
//! A page is read in parts of one [source](super::source), each a transaction of its own that looks
//! at a bounded number of rows: however many there are of which a filter wants none, no read lasts
//! longer than that, and the log can begin anew in between. The parts go by ascending key, and a key
//! never changes, so what changes meanwhile is neither skipped nor seen twice.

use sea_orm::ColumnTrait;
use sea_orm::Condition;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::PaginatorTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::Select;
use sea_orm::TransactionTrait;
use sea_orm::Value;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;

use super::instance_row;
use super::instance_row::payload_text;
use super::prefix::begins_with;
use super::rows;
use super::scope::Scope;
use super::source::Source;
use super::source::between;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::commands::PageToken;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::store::table::Status;
use crate::store::table::instance::Column;
use crate::store::table::instance::Entity;
use crate::store::table::instance::Model;
use crate::store::table::tag;

/// How many rows a part looks at, at least, where not all of them are wanted.
const PART: usize = 1_000;

/// Of how many numbers a part counts the keys.
const COUNTED: i64 = 100_000;

/// A page, and whether more follow.
pub(super) async fn list(
    db: &DatabaseConnection,
    scope: Scope,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: u32,
) -> Result<InstancePage, DbErr> {
    let limit = Ord::max(limit, 1) as usize;
    let mut instances = Vec::new();
    let mut next = Some(start(after));
    while let Some(after) = next.filter(|_| instances.len() <= limit) {
        let txn = db.begin().await?;
        // One more tells whether anything follows.
        let wanted = limit + 1 - instances.len();
        let part = rows(&txn, scope, filter, after, wanted).await?;
        txn.commit().await?;
        for row in part.found {
            instances.push(instance_row::decode(row)?);
        }
        next = part.next;
    }
    let more = instances.len() > limit;
    instances.truncate(limit);
    let last = instances.last().map(|row| PageToken(row.key));
    Ok(InstancePage {
        next: last.filter(|_| more),
        instances,
    })
}

/// How many instances `filter` wants: each was looked at once, in the order of keys.
pub(super) async fn count(
    db: &DatabaseConnection,
    scope: Scope,
    filter: &InstanceFilter,
) -> Result<u64, DbErr> {
    let (mut all, mut next) = (0, Some(0));
    while let Some(after) = next {
        let txn = db.begin().await?;
        let part = count_part(&txn, scope, filter, after).await?;
        txn.commit().await?;
        all += part.found;
        next = part.next;
    }
    Ok(all)
}

/// A part of what was asked for.
#[derive(Debug)]
pub(super) struct Part<T> {
    pub(super) found: T,
    /// Behind which key the next part begins; `None` at the end.
    pub(super) next: Option<i64>,
}

/// The keys of at most `limit` instances, all of one part.
pub(super) async fn keys<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: usize,
) -> Result<Part<Vec<i64>>, DbErr> {
    let source = Source::choose(db, scope, filter, start(after)).await?;
    // One more tells whether any follow.
    let mut looked = look(db, &source, start(after), limit + 1).await?;
    if !source.is_exact() {
        let mut found = Vec::new();
        for list in rows::lists(&looked.found) {
            let keys = among(scope, &source.rest, list);
            let keys = keys.select_only().column(Column::Key).into_tuple::<i64>();
            found.extend(keys.all(db).await?);
        }
        looked.found = found;
    }
    Ok(cut(looked, limit, |key| *key))
}

/// The rows of at most `wanted` instances, all of one part.
async fn rows<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &InstanceFilter,
    after: i64,
    wanted: usize,
) -> Result<Part<Vec<Model>>, DbErr> {
    let source = Source::choose(db, scope, filter, after).await?;
    let looked = look(db, &source, after, wanted).await?;
    let mut found = Vec::new();
    for list in rows::lists(&looked.found) {
        found.extend(among(scope, &source.rest, list).all(db).await?);
        // Enough for this part; the lists that are left are looked at by the next one.
        if found.len() > wanted {
            break;
        }
    }
    let next = looked.next;
    Ok(cut(Part { found, next }, wanted, |row| row.key))
}

/// Counts a part.
async fn count_part<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &InstanceFilter,
    after: i64,
) -> Result<Part<u64>, DbErr> {
    let source = Source::choose(db, scope, filter, after).await?;
    // Counted in the index alone, by ranges of keys, so that no transaction lasts longer than such
    // a range.
    if source.is_exact() && source.is_by_key() {
        let to = after.saturating_add(COUNTED);
        let found = source.count(db, after, to).await?;
        // Of whichever hub: ranges with nothing of this one in them cost one look at the index.
        let next = (to < last_key(db).await?).then_some(to);
        return Ok(Part { found, next });
    }
    let looked = look(db, &source, after, PART).await?;
    let mut found = 0;
    for list in rows::lists(&looked.found) {
        found += among(scope, &source.rest, list).count(db).await?;
    }
    let next = looked.next;
    Ok(Part { found, next })
}

/// The keys that a part looks at.
async fn look<C: ConnectionTrait>(
    db: &C,
    source: &Source,
    after: i64,
    wanted: usize,
) -> Result<Part<Vec<i64>>, DbErr> {
    let size = if source.is_exact() {
        wanted
    } else {
        wanted.max(PART)
    };
    let found = source.keys(db, after, size as u64).await?;
    let more = found.len() >= size;
    let next = found.last().copied().filter(|_| more);
    Ok(Part { found, next })
}

/// Leaves what is beyond `most` for the next part.
fn cut<T>(mut part: Part<Vec<T>>, most: usize, key: impl Fn(&T) -> i64) -> Part<Vec<T>> {
    if part.found.len() > most {
        part.found.truncate(most);
        part.next = part.found.last().map(key);
    }
    part
}

/// Those with one of these keys that are wanted, by ascending key. Without the hub, which the keys
/// imply: it would tempt the planner to read all of it by some index that begins with it.
fn among(scope: Scope, wanted: &InstanceFilter, keys: Vec<Value>) -> Select<Entity> {
    Entity::find()
        .filter(Column::Key.is_in(keys))
        .filter(condition(scope, wanted))
        .order_by_asc(Column::Key)
}

/// The highest key, of whichever hub.
async fn last_key<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let last = Entity::find()
        .select_only()
        .column_as(Column::Key.max(), "last")
        .into_tuple::<Option<i64>>();
    Ok(last.all(db).await?.pop().flatten().unwrap_or(0))
}

/// Keys are counted from 1.
fn start(after: Option<PageToken>) -> i64 {
    after.map_or(0, |PageToken(InstanceKey(key))| key)
}

fn condition(scope: Scope, filter: &InstanceFilter) -> Condition {
    let text = |column: Column, wanted: Option<&str>| wanted.map(|text| column.eq(text));
    let custom_status = payload_text(filter.custom_status.as_ref());
    let statuses = filter.statuses.iter().copied().map(Status::from);
    let equal = [
        text(Column::Name, filter.name.as_deref()),
        text(Column::Version, filter.version.as_deref()),
        text(Column::Id, filter.id.as_ref().map(InstanceId::as_str)),
        text(Column::CustomStatus, custom_status.as_deref()),
        (!filter.statuses.is_empty()).then(|| Column::Status.is_in(statuses)),
    ];
    let ranges = [
        filter
            .id_prefix
            .as_deref()
            .map(|prefix| begins_with(Column::Id, prefix)),
        between(
            Column::CreatedAt,
            filter.created_from,
            filter.created_before,
        ),
        between(
            Column::UpdatedAt,
            filter.updated_from,
            filter.updated_before,
        ),
    ];
    let mut all = equal
        .into_iter()
        .flatten()
        .fold(Condition::all(), Condition::add);
    all = ranges.into_iter().flatten().fold(all, Condition::add);
    for (name, value) in &filter.tags {
        all = all.add(has_tag(scope, name, value));
    }
    if let Some(parent) = &filter.parent {
        let key = scope.instances().filter(Column::Id.eq(parent.as_str()));
        let key = key.select_only().column(Column::Key).into_query();
        // A sum, so that nobody reads all children by their index for it.
        all = all.add(Column::ParentKey.into_expr().add(0).in_subquery(key));
    }
    all
}

/// By the primary key of the tags.
fn has_tag(scope: Scope, name: &str, value: &str) -> Expr {
    let of_instance = Expr::col((tag::Entity, tag::Column::Instance));
    let tags = scope
        .tags()
        .filter(of_instance.equals((Entity, Column::Key)))
        .filter(tag::Column::Name.eq(name))
        .filter(tag::Column::Value.eq(value));
    Expr::exists(tags.into_query())
}
