//! Pages of instances.

use std::collections::BTreeSet;

use sea_orm::ColumnTrait;
use sea_orm::Condition;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::PaginatorTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::Select;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::Query;
use sea_orm::sea_query::SelectStatement;
use sea_orm::sea_query::UnionType;

use super::dialect;
use super::instance_row;
use super::instance_row::json;
use super::instance_row::payload_text;
use super::scope::Scope;
use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::ids::MAX_INSTANCE_ID;
use crate::store::table::Status;
use crate::store::table::instance::Column;
use crate::store::table::instance::Entity;
use crate::work::InstanceFilter;
use crate::work::InstancePage;
use crate::work::InstanceStatus;
use crate::work::PageToken;

/// A page, and whether more follow.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: u32,
) -> Result<InstancePage, DbErr> {
    let limit = u64::from(limit.max(1));
    let mut rows = query(scope, filter, after, limit + 1)?.all(db).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let instances = rows.into_iter().map(instance_row::decode);
    let instances = instances.collect::<Result<Vec<_>, _>>()?;
    let last = instances.last().map(|row| PageToken(row.key));
    Ok(InstancePage {
        next: last.filter(|_| more),
        instances,
    })
}

/// How many instances `filter` wants.
pub(super) async fn count<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &InstanceFilter,
) -> Result<u64, DbErr> {
    let statuses = filter.statuses.iter().copied().map(Status::from);
    let mut rows = scope.instances().filter(condition(scope, filter)?);
    if !filter.statuses.is_empty() {
        rows = rows.filter(Column::Status.is_in(statuses));
    }
    rows.count(db).await
}

/// The keys of a page.
pub(super) async fn keys<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: u64,
) -> Result<Vec<i64>, DbErr> {
    let page = query(scope, filter, after, limit)?;
    let keys = page.select_only().column(Column::Key).into_tuple::<i64>();
    keys.all(db).await
}

fn query(
    scope: Scope,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: u64,
) -> Result<Select<Entity>, DbErr> {
    let page = scope
        .instances()
        .filter(Column::Key.gt(after.map_or(i64::MIN, |token| token.0.0)))
        .filter(condition(scope, filter)?);
    let page = page.order_by_asc(Column::Key).limit(limit);
    let statuses: BTreeSet<_> = filter.statuses.iter().copied().collect();
    Ok(match keys_by_status(&page, &statuses) {
        None => page,
        Some(keys) => scope
            .instances()
            .filter(Column::Key.in_subquery(keys))
            .order_by_asc(Column::Key)
            .limit(limit),
    })
}

/// All that `filter` says, except of statuses.
fn condition(scope: Scope, filter: &InstanceFilter) -> Result<Condition, DbErr> {
    let text = |column: Column, wanted: Option<&str>| wanted.map(|text| column.eq(text));
    let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
    let custom_status = payload_text(filter.custom_status.as_ref());
    let id = filter.id.as_ref().map(InstanceId::as_str);
    let simple = [
        text(Column::Name, filter.name.as_deref()),
        text(Column::Version, filter.version.as_deref()),
        text(Column::Id, id),
        text(Column::CustomStatus, custom_status.as_deref()),
        millis(filter.created_from).map(|from| Column::CreatedAt.gte(from)),
        millis(filter.created_before).map(|to| Column::CreatedAt.lt(to)),
        millis(filter.updated_from).map(|from| Column::UpdatedAt.gte(from)),
        millis(filter.updated_before).map(|to| Column::UpdatedAt.lt(to)),
    ];
    let mut all = Condition::all();
    for part in simple.into_iter().flatten() {
        all = all.add(part);
    }
    if let Some(prefix) = &filter.id_prefix {
        all = all.add(begins_with(prefix));
    }
    for (key, value) in &filter.tags {
        all = all.add(has_tag(key, value)?);
    }
    if let Some(parent) = &filter.parent {
        let key = scope.instances().filter(Column::Id.eq(parent.as_str()));
        let key = key.select_only().column(Column::Key).into_query();
        all = all.add(Column::ParentKey.in_subquery(key));
    }
    Ok(all)
}

/// A range of the index `instance_id`: no id is longer, and no character higher.
fn begins_with(prefix: &str) -> Condition {
    let last = format!("{prefix}{}", "\u{10ffff}".repeat(MAX_INSTANCE_ID));
    Condition::all()
        .add(Column::Id.gte(prefix))
        .add(Column::Id.lte(last))
}

/// Tags are a JSON object without spaces, in which a quotation mark of a key or value is escaped: so
/// a pair behind a brace or a comma is a tag.
fn has_tag(key: &str, value: &str) -> Result<Condition, DbErr> {
    let pair = format!("{}:{}", json(&key)?, json(&value)?);
    let tags = || Expr::col(Column::Tags);
    Ok(Condition::any()
        .add(dialect::contains(tags(), format!("{{{pair}")))
        .add(dialect::contains(tags(), format!(",{pair}"))))
}

/// The keys of one page for each status: index `instance_status` is in order for one status only,
/// and to sort all finished instances for a page of them would take seconds.
fn keys_by_status(
    page: &Select<Entity>,
    statuses: &BTreeSet<InstanceStatus>,
) -> Option<SelectStatement> {
    let keys = |status: &InstanceStatus| {
        let page = page
            .clone()
            .filter(Column::Status.eq(Status::from(*status)));
        let page = page.select_only().column(Column::Key).into_query();
        Query::select()
            .column(Column::Key)
            .from_subquery(page, "page")
            .to_owned()
    };
    let mut pages = statuses.iter().map(keys);
    let mut all = pages.next()?;
    all.unions(pages.map(|page| (UnionType::All, page)));
    Some(all)
}
