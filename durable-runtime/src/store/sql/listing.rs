//! Pages of instances.

use std::collections::BTreeSet;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::Select;
use sea_orm::sea_query::Query;
use sea_orm::sea_query::SelectStatement;
use sea_orm::sea_query::UnionType;

use super::instance_row;
use super::scope::Scope;
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
    let mut rows = query(scope, filter, after, limit + 1).all(db).await?;
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

fn query(
    scope: Scope,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: u64,
) -> Select<Entity> {
    let mut page = scope
        .instances()
        .filter(Column::Key.gt(after.map_or(i64::MIN, |token| token.0.0)));
    if let Some(name) = &filter.name {
        page = page.filter(Column::Name.eq(name.as_str()));
    }
    let page = page.order_by_asc(Column::Key).limit(limit);
    let statuses: BTreeSet<_> = filter.statuses.iter().copied().collect();
    match keys_by_status(&page, &statuses) {
        None => page,
        Some(keys) => scope
            .instances()
            .filter(Column::Key.in_subquery(keys))
            .order_by_asc(Column::Key)
            .limit(limit),
    }
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
