//! The tags of instances. The instance keeps its own as well; these are for finding it.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_tag")
                .col(ColumnDef::new("instance").big_integer().not_null())
                .col(ColumnDef::new("name").string().not_null())
                .col(ColumnDef::new("hub").small_integer().not_null())
                .col(ColumnDef::new("value").string().not_null())
                .primary_key(Index::create().col("instance").col("name"))
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_tag_value")
                .table("durable_tag")
                .col("hub")
                .col("name")
                .col("value")
                .col("instance")
                .to_owned(),
        ),
    ]
}
