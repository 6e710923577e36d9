//! The index by which the instances that a filter wants are found.
//!
//! 1. Each thing that a filter asks for has an index, and one of them leads to the rows: the one
//!    with the fewest entries. All else that is asked for is checked row by row.
//! 2. Most indexes have the entries of one value by ascending key. Where a filter allows several
//!    values, the entries of each come in order and are merged: none is read that no page needs.
//! 3. Ranges of times and of ids have other orders. They serve while they are short enough to be
//!    sorted for each page.

use std::collections::BTreeSet;

use sea_orm::ColumnTrait;
use sea_orm::Condition;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::Order;
use sea_orm::QueryFilter;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::sea_query::Asterisk;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;
use sea_orm::sea_query::SelectStatement;
use sea_orm::sea_query::UnionType;

use super::instance_row::payload_text;
use super::prefix::begins_with;
use super::scope::Scope;
use crate::clock::Timestamp;
use crate::commands::InstanceFilter;
use crate::store::table::Status;
use crate::store::table::instance::Column;
use crate::store::table::tag;
use crate::work::InstanceStatus;

/// How many entries are few. No more are counted, since that tells few from many.
pub(super) const FEW: u64 = 1_000;

/// How many arms one statement merges. Databases limit it (`SQLite` to 500).
const MOST_ARMS: usize = 64;

/// What the keys of a source are called in its statements.
const KEY: &str = "key";

/// An index and the ranges of it that hold all instances that a filter wants.
#[derive(Debug)]
pub(super) struct Source {
    arms: Vec<Arm>,
    order: Entries,
    /// What of the filter the ranges do not say.
    pub(super) rest: InstanceFilter,
}

/// In which order the entries of each range come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entries {
    ByKey,
    Otherwise,
}

/// A range of an index: a query of the keys in it, and the column that they are in.
#[derive(Debug)]
struct Arm {
    keys: SelectStatement,
    column: Expr,
}

impl Arm {
    fn of_instances(scope: Scope, range: Condition) -> Self {
        let instances = scope.instances().select_only().column(Column::Key);
        Self {
            keys: instances.filter(range).into_query(),
            column: Column::Key.into_expr(),
        }
    }

    fn of_tags(scope: Scope, name: &str, value: &str) -> Self {
        let tags = scope.tags().select_only();
        let tags = tags
            .column_as(tag::Column::Instance, KEY)
            .filter(tag::Column::Name.eq(name))
            .filter(tag::Column::Value.eq(value));
        Self {
            keys: tags.into_query(),
            column: tag::Column::Instance.into_expr(),
        }
    }

    fn behind(&self, after: i64) -> SelectStatement {
        let mut keys = self.keys.clone();
        keys.and_where(self.column.clone().gt(after));
        keys
    }
}

impl Source {
    /// The one with the fewest entries behind `after`.
    pub(super) async fn choose<C: ConnectionTrait>(
        db: &C,
        scope: Scope,
        filter: &InstanceFilter,
        after: i64,
    ) -> Result<Self, DbErr> {
        let mut all = Candidates::new(scope, filter).all(db).await?;
        // Nothing to choose, so nothing is counted.
        if all.len() == 1 {
            return Ok(all.remove(0));
        }
        let mut fewest = None;
        for source in all {
            let entries = source.count_few(db, after).await?;
            // It would be sorted anew for each page.
            if source.order == Entries::Otherwise && entries > FEW {
                continue;
            }
            // The first of those with as few stays: they come in the order in which they are
            // preferred.
            if fewest.as_ref().is_none_or(|(least, _)| entries < *least) {
                fewest = Some((entries, source));
            }
        }
        let fewest = fewest.map(|(_, source)| source);
        Ok(fewest.unwrap_or_else(|| Candidates::new(scope, filter).by_status()))
    }

    /// Whether its keys come in order.
    pub(super) fn is_by_key(&self) -> bool {
        self.order == Entries::ByKey
    }

    /// Whether all that it holds is wanted.
    pub(super) fn is_exact(&self) -> bool {
        self.rest == InstanceFilter::default()
    }

    /// The first `limit` keys behind `after`, ascending.
    pub(super) async fn keys<C: ConnectionTrait>(
        &self,
        db: &C,
        after: i64,
        limit: u64,
    ) -> Result<Vec<i64>, DbErr> {
        let mut keys = Vec::new();
        for arms in self.arms.chunks(MOST_ARMS) {
            let Some(page) = self.page(arms, after, limit) else {
                continue;
            };
            for row in db.query_all(&page).await? {
                keys.push(row.try_get_by_index::<i64>(0)?);
            }
        }
        keys.sort_unstable();
        keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(keys)
    }

    fn page(&self, arms: &[Arm], after: i64, limit: u64) -> Option<SelectStatement> {
        let mut pages = arms.iter().map(|arm| match self.order {
            Entries::ByKey => arm.behind(after),
            Entries::Otherwise => sorted(arm, after),
        });
        let mut page = pages.next()?;
        page.unions(pages.map(|page| (UnionType::All, page)))
            .order_by(KEY, Order::Asc)
            .limit(limit);
        Some(page)
    }

    /// How many entries there are behind `after`, up to one more than few. Where they have another
    /// order, all of them.
    async fn count_few<C: ConnectionTrait>(&self, db: &C, after: i64) -> Result<u64, DbErr> {
        let mut entries = 0;
        for arm in &self.arms {
            let mut few = match self.order {
                Entries::ByKey => arm.behind(after),
                Entries::Otherwise => arm.keys.clone(),
            };
            // A count of more than that costs time and changes nothing.
            few.limit(FEW + 1);
            entries += count(db, &few).await?;
            if entries > FEW {
                break;
            }
        }
        Ok(entries)
    }

    /// How many keys there are behind `after` up to `to`, all of one moment if `db` is a transaction.
    pub(super) async fn count<C: ConnectionTrait>(
        &self,
        db: &C,
        after: i64,
        to: i64,
    ) -> Result<u64, DbErr> {
        let mut all = 0;
        for arm in &self.arms {
            let mut keys = arm.behind(after);
            keys.and_where(arm.column.clone().lte(to));
            all += count(db, &keys).await?;
        }
        Ok(all)
    }
}

/// The entries of a range that has few, which are sorted by whoever asks. The limit keeps the database
/// from finding them by an index that is in order of keys, and reading all of that.
fn sorted(arm: &Arm, after: i64) -> SelectStatement {
    let few = arm.keys.clone().limit(FEW + 1).to_owned();
    Query::select()
        .column(KEY)
        .from_subquery(few, "few")
        .and_where(Expr::col(KEY).gt(after))
        .to_owned()
}

/// How many rows a query has.
pub(super) async fn count<C: ConnectionTrait>(
    db: &C,
    keys: &SelectStatement,
) -> Result<u64, DbErr> {
    let count = Query::select()
        .expr(Expr::col(Asterisk).count())
        .from_subquery(keys.clone(), "keys")
        .to_owned();
    let row = db.query_one(&count).await?;
    let count = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    Ok(count
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(0))
}

/// The sources that a filter may be answered from.
#[derive(Debug, Clone, Copy)]
struct Candidates<'a> {
    scope: Scope,
    filter: &'a InstanceFilter,
}

impl<'a> Candidates<'a> {
    fn new(scope: Scope, filter: &'a InstanceFilter) -> Self {
        Self { scope, filter }
    }

    /// One for each thing that the filter asks for, in the order in which they are preferred.
    async fn all<C: ConnectionTrait>(self, db: &C) -> Result<Vec<Source>, DbErr> {
        let mut all: Vec<_> = self.by_id().into_iter().collect();
        if !all.is_empty() {
            return Ok(all);
        }
        all.extend(self.by_parent(db).await?);
        all.extend(self.by_tags());
        all.extend(self.by_custom_status());
        all.extend(self.by_name(db).await?);
        // Every instance has a status, so this is what is left for a filter that asks for nothing.
        if all.is_empty() || !self.filter.statuses.is_empty() {
            all.push(self.by_status());
        }
        all.extend(self.by_id_prefix());
        all.extend(self.by_creation());
        all.extend(self.by_update());
        Ok(all)
    }

    fn source(
        self,
        order: Entries,
        arms: Vec<Arm>,
        clear: impl FnOnce(&mut InstanceFilter),
    ) -> Source {
        let mut rest = self.filter.clone();
        clear(&mut rest);
        Source { arms, order, rest }
    }

    fn instances(self, range: Condition) -> Arm {
        Arm::of_instances(self.scope, range)
    }

    /// Index `durable_instance_id`.
    fn by_id(self) -> Option<Source> {
        let id = self.filter.id.as_ref()?;
        let only = self.instances(all_of([Column::Id.eq(id.as_str())]));
        Some(self.source(Entries::ByKey, vec![only], |rest| rest.id = None))
    }

    /// Index `durable_instance_parent`.
    async fn by_parent<C: ConnectionTrait>(self, db: &C) -> Result<Option<Source>, DbErr> {
        let Some(parent) = &self.filter.parent else {
            return Ok(None);
        };
        let parents = self.scope.instances().select_only().column(Column::Key);
        let parents = parents.filter(Column::Id.eq(parent.as_str()));
        let parents = parents.into_tuple::<i64>().all(db).await?;
        let children = |key: &i64| self.instances(all_of([Column::ParentKey.eq(*key)]));
        let children = parents.iter().map(children).collect();
        Ok(Some(self.source(Entries::ByKey, children, |rest| {
            rest.parent = None;
        })))
    }

    /// Index `durable_tag_value`.
    fn by_tags(self) -> impl Iterator<Item = Source> {
        self.filter.tags.iter().map(move |(name, value)| {
            let tagged = Arm::of_tags(self.scope, name, value);
            self.source(Entries::ByKey, vec![tagged], |rest| {
                rest.tags.remove(name);
            })
        })
    }

    /// Index `durable_instance_custom_status`.
    fn by_custom_status(self) -> Option<Source> {
        let status = payload_text(self.filter.custom_status.as_ref())?;
        let range = self.instances(all_of([Column::CustomStatus.eq(status)]));
        Some(self.source(Entries::ByKey, vec![range], |rest| {
            rest.custom_status = None;
        }))
    }

    /// Index `durable_instance_name`, or `durable_instance_version` where the filter asks for a version.
    async fn by_name<C: ConnectionTrait>(self, db: &C) -> Result<Option<Source>, DbErr> {
        let InstanceFilter { name, version, .. } = self.filter;
        let names = match (name, version) {
            (None, None) => return Ok(None),
            (Some(name), _) => vec![name.clone()],
            (None, Some(version)) => names_of(db, self.scope, version).await?,
        };
        let mut arms = Vec::new();
        for name in &names {
            for status in self.statuses() {
                let version = version.as_ref();
                let version = version.map(|version| Column::Version.eq(version.as_str()));
                let range = [Column::Name.eq(name.as_str()), Column::Status.eq(status)];
                arms.push(self.instances(all_of(version.into_iter().chain(range))));
            }
        }
        // The index has the status behind the name, so each arm says both.
        Ok(Some(self.source(Entries::ByKey, arms, |rest| {
            (rest.name, rest.version) = (None, None);
            rest.statuses.clear();
        })))
    }

    /// Index `durable_instance_status`.
    fn by_status(self) -> Source {
        let arms = self.statuses().into_iter();
        let arms = arms.map(|status| self.instances(all_of([Column::Status.eq(status)])));
        let arms = arms.collect();
        self.source(Entries::ByKey, arms, |rest| rest.statuses.clear())
    }

    fn statuses(self) -> Vec<Status> {
        let wanted: BTreeSet<_> = self.filter.statuses.iter().copied().collect();
        let all = InstanceStatus::ALL.into_iter();
        let wanted = all.filter(|status| wanted.is_empty() || wanted.contains(status));
        wanted.map(Status::from).collect()
    }

    /// A range of index `durable_instance_id`.
    fn by_id_prefix(self) -> Option<Source> {
        let prefix = self.filter.id_prefix.as_deref()?;
        let range = self.instances(begins_with(Column::Id, prefix));
        Some(self.source(Entries::Otherwise, vec![range], |rest| {
            rest.id_prefix = None;
        }))
    }

    /// A range of index `durable_instance_created`.
    fn by_creation(self) -> Option<Source> {
        let InstanceFilter {
            created_from: from,
            created_before: before,
            ..
        } = self.filter;
        let range = self.instances(between(Column::CreatedAt, *from, *before)?);
        Some(self.source(Entries::Otherwise, vec![range], |rest| {
            (rest.created_from, rest.created_before) = (None, None);
        }))
    }

    /// A range of index `durable_instance_updated`.
    fn by_update(self) -> Option<Source> {
        let InstanceFilter {
            updated_from: from,
            updated_before: before,
            ..
        } = self.filter;
        let range = self.instances(between(Column::UpdatedAt, *from, *before)?);
        Some(self.source(Entries::Otherwise, vec![range], |rest| {
            (rest.updated_from, rest.updated_before) = (None, None);
        }))
    }
}

/// The names under which a version is known, each found by one look at index `durable_instance_version`.
async fn names_of<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    version: &str,
) -> Result<Vec<String>, DbErr> {
    let mut names = Vec::<String>::new();
    loop {
        // A jump from name to name: `DISTINCT` would read every entry of the version.
        let above = names.last().map_or("", String::as_str);
        let next = scope
            .instances()
            .select_only()
            .column_as(Column::Name.min(), "name")
            .filter(Column::Version.eq(version))
            .filter(Column::Name.gt(above))
            .into_tuple::<Option<String>>();
        match next.all(db).await?.pop().flatten() {
            Some(name) => names.push(name),
            None => return Ok(names),
        }
    }
}

fn all_of(parts: impl IntoIterator<Item = Expr>) -> Condition {
    parts.into_iter().fold(Condition::all(), Condition::add)
}

/// The times from one up to another; none if there is no limit.
pub(super) fn between(
    column: impl ColumnTrait,
    from: Option<Timestamp>,
    before: Option<Timestamp>,
) -> Option<Condition> {
    let from = from.map(|from| column.gte(from.as_millis()));
    let before = before.map(|before| column.lt(before.as_millis()));
    let range = all_of(from.into_iter().chain(before));
    (!range.is_empty()).then_some(range)
}
