//! Looking at entities.

use std::collections::HashMap;

use sea_orm::ColumnTrait;
use sea_orm::Condition;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::TransactionTrait;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;
use sea_orm::sea_query::SelectStatement;

use super::entity_row;
use super::prefix::begins_with;
use super::rows;
use super::scope::Scope;
use super::source::FEW;
use super::source::between;
use super::source::count;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityPage;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::store::creation::shows;
use crate::store::table::entity::Column;
use crate::store::table::entity::Entity;
use crate::store::table::entity::Model;
use crate::store::table::inbox;
use crate::work::EntityRow;

/// How many rows a part looks at, at least: those that were deleted do not show.
const PART: usize = 1_000;

/// The entity with this id, if it shows. Index `durable_entity_id`.
pub(super) async fn fetch<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    id: &EntityId,
) -> Result<Option<EntityListing>, DbErr> {
    let row = scope
        .entities()
        .filter(Column::Name.eq(id.name()))
        .filter(Column::Key.eq(id.key()));
    let Some(row) = rows::only(db, row).await? else {
        return Ok(None);
    };
    let listed = listings(db, vec![row]).await?;
    Ok(listed.into_iter().next().filter(shows))
}

/// A page, in the order of index `durable_entity_id`, read in parts as that of
/// [instances](super::listing) is.
pub(super) async fn list(
    db: &DatabaseConnection,
    scope: Scope,
    filter: &EntityFilter,
    after: Option<&EntityId>,
    limit: u32,
) -> Result<EntityPage, DbErr> {
    let limit = Ord::max(limit, 1) as usize;
    let mut entities = Vec::new();
    let mut next = begin(db, scope, filter, after).await?;
    while let Some(place) = next.filter(|_| entities.len() <= limit) {
        let txn = db.begin().await?;
        let wanted = limit + 1 - entities.len();
        let part = part(&txn, scope, filter, place, wanted).await?;
        txn.commit().await?;
        entities.extend(part.found);
        next = part.next;
    }
    let more = entities.len() > limit;
    entities.truncate(limit);
    // Removed here and not left out of the query, since whether there is a state decides what
    // shows.
    if !filter.with_state {
        for listing in &mut entities {
            listing.row.state = None;
        }
    }
    let last = entities.last().map(|listing| listing.row.id.clone());
    Ok(EntityPage {
        next: last.filter(|_| more),
        entities,
    })
}

/// A place in the order of entities: behind a key of a name, or before all keys of that name.
#[derive(Debug, Clone)]
struct Place {
    name: String,
    key: Option<String>,
}

impl Place {
    fn behind(id: &EntityId) -> Self {
        Self {
            name: id.name().to_owned(),
            key: Some(id.key().to_owned()),
        }
    }

    fn before_all_of(name: String) -> Self {
        Self { name, key: None }
    }

    /// Those of the same name that come behind it.
    fn rest(&self) -> Condition {
        let key = self.key.as_deref();
        Condition::all()
            .add(Column::Name.eq(self.name.as_str()))
            .add(key.map_or_else(|| Column::Key.gte(""), |key| Column::Key.gt(key)))
    }
}

/// A part of a list.
struct Part {
    found: Vec<EntityListing>,
    /// Where the next part begins; `None` at the end.
    next: Option<Place>,
}

async fn part<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &EntityFilter,
    place: Place,
    wanted: usize,
) -> Result<Part, DbErr> {
    // Few by their time: read by that index and sorted. Otherwise the list goes by name and key,
    // and the time is only checked.
    if let Some(changed) = changed_then(db, scope, filter).await? {
        let later = Condition::any()
            .add(Column::Name.gt(place.name.as_str()))
            .add(place.rest());
        let rows = Entity::find()
            .filter(Column::Id.in_subquery(changed))
            .filter(is_wanted(filter))
            .filter(later)
            .order_by_asc(Column::Name)
            .order_by_asc(Column::Key)
            .limit(wanted as u64);
        let found = listings(db, rows.all(db).await?).await?;
        return Ok(Part { found, next: None });
    }
    part_of_name(db, scope, filter, place, wanted).await
}

/// A part of those of one name: it looks at a bounded number of rows. Index `durable_entity_id`.
async fn part_of_name<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &EntityFilter,
    place: Place,
    wanted: usize,
) -> Result<Part, DbErr> {
    // Entities that were deleted are rows still, so many may be looked at for few that show.
    let most = wanted.max(PART);
    let looked = scope
        .entities()
        .select_only()
        .columns([Column::Id, Column::Key])
        .filter(place.rest())
        .filter(has_prefix(filter))
        .order_by_asc(Column::Key)
        .limit(most as u64)
        .into_tuple::<(i64, String)>();
    let looked = looked.all(db).await?;
    let ids: Vec<_> = looked.iter().map(|(id, _)| *id).collect();
    let mut found = Vec::new();
    for list in rows::lists(&ids) {
        // Without the hub, which the ids imply: it would tempt the planner to read all of it.
        let rows = Entity::find()
            .filter(Column::Id.is_in(list))
            .filter(is_wanted(filter))
            .order_by_asc(Column::Key);
        found.extend(rows.all(db).await?);
        if found.len() >= wanted {
            break;
        }
    }
    found.truncate(wanted);
    let last = match looked.into_iter().last() {
        Some((_, key)) if ids.len() == most => Some(key),
        _ => None,
    };
    let found = listings(db, found).await?;
    let next = match last {
        Some(key) => Some(Place {
            key: Some(key),
            ..place
        }),
        None if filter.name.is_some() => None,
        None => name_above(db, scope, &place.name).await?,
    };
    Ok(Part { found, next })
}

/// Where a list begins that goes on behind `after`; `None` where there is nothing more.
async fn begin<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &EntityFilter,
    after: Option<&EntityId>,
) -> Result<Option<Place>, DbErr> {
    let Some(name) = filter.name.as_deref() else {
        return match after {
            Some(after) => Ok(Some(Place::behind(after))),
            None => name_above(db, scope, "").await,
        };
    };
    Ok(match after {
        Some(after) if after.name() > name => None,
        Some(after) if after.name() == name => Some(Place::behind(after)),
        _ => Some(Place::before_all_of(name.to_owned())),
    })
}

/// The next name, found by one look at index `durable_entity_id`.
async fn name_above<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    name: &str,
) -> Result<Option<Place>, DbErr> {
    let above = scope
        .entities()
        .select_only()
        .column_as(Column::Name.min(), "name")
        .filter(Column::Name.gt(name))
        .into_tuple::<Option<String>>();
    let above = above.all(db).await?.pop().flatten();
    Ok(above.map(Place::before_all_of))
}

/// The ids of those that changed at the times that are wanted, if that is asked for and they are few.
/// Index `durable_entity_changed`.
async fn changed_then<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &EntityFilter,
) -> Result<Option<SelectStatement>, DbErr> {
    let Some(then) = times(filter) else {
        return Ok(None);
    };
    let ids = scope.entities().select_only().column(Column::Id);
    let ids = ids.filter(then).limit(FEW + 1).into_query();
    let are_few = count(db, &ids).await? <= FEW;
    Ok(are_few.then_some(ids))
}

fn times(filter: &EntityFilter) -> Option<Condition> {
    between(
        Column::ChangedAt,
        filter.changed_from,
        filter.changed_before,
    )
}

/// All that is asked for, but for the place in the list.
fn is_wanted(filter: &EntityFilter) -> Condition {
    let name = filter.name.as_deref().map(|name| Column::Name.eq(name));
    Condition::all()
        .add(shown())
        .add(has_prefix(filter))
        .add_option(name)
        .add_option(times(filter))
}

fn has_prefix(filter: &EntityFilter) -> Condition {
    let prefix = filter.key_prefix.as_deref();
    Condition::all().add_option(prefix.map(|prefix| begins_with(Column::Key, prefix)))
}

/// Those that were deleted, or never had a state, do not show, unless something waits for them.
fn shown() -> Condition {
    let waiting = Query::select()
        .expr(Expr::val(1))
        .from(inbox::Entity)
        .and_where(
            Expr::col((inbox::Entity, inbox::Column::Instance))
                .eq(Expr::col((Entity, Column::Id)).mul(-1)),
        )
        .to_owned();
    Condition::any()
        .add(Column::State.is_not_null())
        .add(Column::HeldBy.is_not_null())
        .add(Expr::exists(waiting))
}

async fn listings<C: ConnectionTrait>(
    db: &C,
    rows: Vec<Model>,
) -> Result<Vec<EntityListing>, DbErr> {
    let rows = rows.into_iter().map(entity_row::decode);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let backlogs = backlogs(db, &rows).await?;
    let listed = rows.into_iter().map(|row| listing(row, &backlogs));
    Ok(listed.collect())
}

fn listing(row: EntityRow, backlogs: &HashMap<InstanceKey, u64>) -> EntityListing {
    EntityListing {
        has_state: row.state.is_some(),
        backlog: backlogs.get(&row.key).copied().unwrap_or(0),
        row,
    }
}

/// How many messages wait for each. Index `durable_inbox_instance`.
async fn backlogs<C: ConnectionTrait>(
    db: &C,
    rows_of: &[EntityRow],
) -> Result<HashMap<InstanceKey, u64>, DbErr> {
    let keys: Vec<_> = rows_of.iter().map(|row| row.key.0).collect();
    let mut found = HashMap::new();
    for list in rows::lists(&keys) {
        let counts = inbox::Entity::find()
            .select_only()
            .column(inbox::Column::Instance)
            .column_as(inbox::Column::Id.count(), "count")
            .filter(inbox::Column::Instance.is_in(list))
            .group_by(inbox::Column::Instance)
            .into_tuple::<(i64, i64)>();
        let counts = counts.all(db).await?.into_iter();
        found.extend(counts.map(|(key, count)| {
            let count = u64::try_from(count).unwrap_or(0);
            (InstanceKey(key), count)
        }));
    }
    Ok(found)
}
