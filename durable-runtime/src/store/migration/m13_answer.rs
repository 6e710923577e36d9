//! The commands of clients to entities, and their answers.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_answer")
                .col(ColumnDef::new("instance").big_integer().not_null())
                .col(ColumnDef::new("command").string().not_null())
                .col(ColumnDef::new("result").text())
                .col(ColumnDef::new("remember_until").big_integer())
                .primary_key(Index::create().col("instance").col("command"))
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_answer_remember_until")
                .table("durable_answer")
                .col("remember_until")
                .to_owned(),
        ),
    ]
}
