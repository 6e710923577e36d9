//! The hubs of a database.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_hub")
                .col(
                    // `SQLite` numbers rows by itself only if the type is just this.
                    ColumnDef::new("id")
                        .integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("name").string().not_null())
                .col(ColumnDef::new("format").integer().not_null())
                .col(ColumnDef::new("partitions").small_integer().not_null())
                .col(ColumnDef::new("created_at").big_integer().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_hub_name")
                .table("durable_hub")
                .col("name")
                .unique()
                .to_owned(),
        ),
    ]
}
