//! Taking the steps that were not taken yet.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::Set;
use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::IndexCreateStatement;
use sea_orm::sea_query::Table;
use sea_orm::sea_query::TableAlterStatement;
use sea_orm::sea_query::TableCreateStatement;

use crate::store::table::migration;

/// One change of the schema.
pub(super) enum Step {
    Table(TableCreateStatement),
    Index(IndexCreateStatement),
    /// One column more.
    Column(TableAlterStatement),
    /// A view of this name, and the query it shows.
    View(&'static str, sea_orm::sea_query::SelectStatement),
}

/// A list of steps.
struct Migration {
    number: i32,
    name: &'static str,
    steps: fn() -> Vec<Step>,
}

macro_rules! migrations {
    ($($number:literal $name:literal $module:ident,)+) => {
        [$(Migration {
            number: $number,
            name: $name,
            steps: super::$module::steps,
        }),+]
    };
}

fn all() -> [Migration; 16] {
    migrations![
        1 "hub" m01_hub,
        2 "lane" m02_lane,
        3 "worker" m03_worker,
        4 "instance" m04_instance,
        5 "history" m05_history,
        6 "inbox" m06_inbox,
        7 "timer" m07_timer,
        8 "command" m08_command,
        9 "heartbeat" m09_heartbeat,
        10 "readable_history" m10_readable_history,
        11 "checkpoint" m11_checkpoint,
        12 "entity" m12_entity,
        13 "answer" m13_answer,
        14 "parents" m14_parents,
        15 "tag" m15_tag,
        16 "listing" m16_listing,
    ]
}

/// Whether all steps were taken. Of a database that cannot say so they were not.
pub(in crate::store) async fn is_up_to_date<C: ConnectionTrait>(db: &C) -> bool {
    // An error is as good as no: the table is not there in a new database, and taking the steps
    // shows any other reason.
    let Ok(taken) = migration::Entity::find().all(db).await else {
        return false;
    };
    let taken: BTreeSet<_> = taken.iter().map(|row| (row.number, row.step)).collect();
    all().iter().all(|migration| {
        // Steps and not only migrations: where a database does not roll a change of the schema
        // back, a crash leaves a migration half taken.
        let mut steps = (1..).zip((migration.steps)());
        steps.all(|(at, _)| taken.contains(&(migration.number, at)))
    })
}

/// Takes all steps that were not taken yet. The caller holds the lock that keeps others from doing
/// the same.
pub(in crate::store) async fn migrate<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    db.execute(&own_table()).await?;
    let taken = migration::Entity::find().all(db).await?;
    let taken: BTreeSet<_> = taken.iter().map(|row| (row.number, row.step)).collect();
    for migration in all() {
        for (at, step) in (1..).zip((migration.steps)()) {
            if !taken.contains(&(migration.number, at)) {
                take(db, step).await?;
                // After each step and not after the last one, for the same reason.
                record(db, &migration, at).await?;
            }
        }
    }
    Ok(())
}

async fn take<C: ConnectionTrait>(db: &C, step: Step) -> Result<(), DbErr> {
    match step {
        Step::Table(table) => db.execute(&table).await?,
        Step::Index(index) => db.execute(&index).await?,
        Step::Column(column) => db.execute(&column).await?,
        Step::View(name, query) => {
            let query = db.get_database_backend().build(&query);
            // `SeaORM` has no statement for a view; the query in it is built for the database all
            // the same.
            let view = format!("CREATE VIEW {name} AS {query}");
            db.execute_unprepared(&view).await?
        }
    };
    Ok(())
}

async fn record<C: ConnectionTrait>(db: &C, migration: &Migration, step: i32) -> Result<(), DbErr> {
    let row = migration::ActiveModel {
        number: Set(migration.number),
        step: Set(step),
        name: Set(migration.name.to_owned()),
    };
    migration::Entity::insert(row)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

fn own_table() -> TableCreateStatement {
    use migration::Column;
    Table::create()
        .table(migration::Entity)
        // The only one with this: it says which of the others are there.
        .if_not_exists()
        .col(ColumnDef::new(Column::Number).integer().not_null())
        .col(ColumnDef::new(Column::Step).integer().not_null())
        .col(ColumnDef::new(Column::Name).string().not_null())
        .primary_key(Index::create().col(Column::Number).col(Column::Step))
        .to_owned()
}
