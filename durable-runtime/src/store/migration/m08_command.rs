//! The commands that instances remember.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![Step::Table(
        Table::create()
            .table("durable_command")
            .col(ColumnDef::new("instance").big_integer().not_null())
            // Nothing but its name: what a command came to is in the instance. It stays until the
            // instance is purged.
            .col(ColumnDef::new("command").string().not_null())
            .primary_key(Index::create().col("instance").col("command"))
            .to_owned(),
    )]
}
