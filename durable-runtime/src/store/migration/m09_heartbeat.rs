//! The progress of activities.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![Step::Table(
        Table::create()
            .table("durable_heartbeat")
            .col(ColumnDef::new("instance").big_integer().not_null())
            .col(ColumnDef::new("execution").big_integer().not_null())
            .col(ColumnDef::new("path").string().not_null())
            .col(ColumnDef::new("progress").text().not_null())
            .primary_key(Index::create().col("instance").col("execution").col("path"))
            .to_owned(),
    )]
}
