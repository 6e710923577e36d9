//! Looking at entities.

use std::collections::HashMap;

use sea_orm::ColumnTrait;
use sea_orm::Condition;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::Select;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;

use super::entity_row;
use super::rows;
use super::scope::Scope;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::store::creation::shows;
use crate::store::table::entity::Column;
use crate::store::table::entity::Entity;
use crate::store::table::inbox;
use crate::work::EntityFilter;
use crate::work::EntityListing;
use crate::work::EntityPage;
use crate::work::EntityRow;

/// The entity with this id, if it shows. Index `entity_id`.
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
    let row = entity_row::decode(row)?;
    let backlogs = backlogs(db, std::slice::from_ref(&row)).await?;
    Ok(Some(listing(row, &backlogs)).filter(shows))
}

/// A page, in the order of index `entity_id`.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &EntityFilter,
    after: Option<&EntityId>,
    limit: u32,
) -> Result<EntityPage, DbErr> {
    let limit = usize::try_from(Ord::max(limit, 1)).unwrap_or(usize::MAX);
    let query = query(scope, filter, after)
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Key)
        .limit(limit as u64 + 1);
    let found = query.all(db).await?.into_iter();
    let mut found: Vec<_> = found.map(entity_row::decode).collect::<Result<_, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let backlogs = backlogs(db, &found).await?;
    let listed = found.into_iter().map(|row| listing(row, &backlogs));
    let mut entities: Vec<_> = listed.collect();
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

fn query(scope: Scope, filter: &EntityFilter, after: Option<&EntityId>) -> Select<Entity> {
    let mut page = scope.entities().filter(shown());
    if let Some(name) = &filter.name {
        page = page.filter(Column::Name.eq(name.as_str()));
    }
    if let Some(prefix) = &filter.key_prefix {
        // Not `LIKE`: it does not tell upper from lower case everywhere.
        page = page.filter(Column::Key.gte(prefix.as_str()));
        if let Some(above) = above(prefix) {
            page = page.filter(Column::Key.lt(above));
        }
    }
    if let Some(from) = filter.changed_from {
        page = page.filter(Column::ChangedAt.gte(from.as_millis()));
    }
    if let Some(before) = filter.changed_before {
        page = page.filter(Column::ChangedAt.lt(before.as_millis()));
    }
    if let Some(after) = after {
        let same_name = Condition::all()
            .add(Column::Name.eq(after.name()))
            .add(Column::Key.gt(after.key()));
        let later = Condition::any()
            .add(Column::Name.gt(after.name()))
            .add(same_name);
        page = page.filter(later);
    }
    page
}

/// The first text after all that begin with `prefix`, by bytes; none if there is none.
fn above(prefix: &str) -> Option<String> {
    let mut text: Vec<char> = prefix.chars().collect();
    while let Some(last) = text.pop() {
        let next = u32::from(last) + 1;
        // The code points of surrogates are no characters.
        let next = if next == 0xd800 { 0xe000 } else { next };
        if let Some(next) = char::from_u32(next) {
            text.push(next);
            return Some(text.into_iter().collect());
        }
    }
    None
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

fn listing(row: EntityRow, backlogs: &HashMap<InstanceKey, u64>) -> EntityListing {
    EntityListing {
        has_state: row.state.is_some(),
        backlog: backlogs.get(&row.key).copied().unwrap_or(0),
        row,
    }
}

/// How many messages wait for each. Index `inbox_instance`.
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

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn what_begins_with_a_prefix_ends_before_the_next_text() {
        assert_eq!(above("order-1").as_deref(), Some("order-2"));
        assert_eq!(above("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(above("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(above(""), None);
    }
}
