//! Histories: append-only, under one narrow index.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            // Without a primary key of its own: rows are appended in the order in which they come,
            // and only the narrow index is sorted. Kept in the order of the instances, each row
            // would change a page of its own.
            Table::create()
                .table("durable_history")
                .col(ColumnDef::new("instance").big_integer().not_null())
                .col(ColumnDef::new("execution").big_integer().not_null())
                .col(ColumnDef::new("turn").big_integer().not_null())
                .col(ColumnDef::new("format").integer().not_null())
                .col(ColumnDef::new("at").big_integer().not_null())
                .col(ColumnDef::new("events").text().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_history_turn")
                .table("durable_history")
                .col("instance")
                .col("execution")
                .col("turn")
                .unique()
                .to_owned(),
        ),
    ]
}
