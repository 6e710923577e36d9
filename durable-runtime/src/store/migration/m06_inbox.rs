//! Messages. Ids are never given twice: workers remember them.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_inbox")
                .col(
                    ColumnDef::new("id")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("instance").big_integer().not_null())
                .col(ColumnDef::new("unit").integer().not_null())
                .col(ColumnDef::new("parked").boolean().not_null())
                .col(ColumnDef::new("at").big_integer().not_null())
                .col(ColumnDef::new("kind").string().not_null())
                .col(ColumnDef::new("body").text().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_inbox_unit")
                .table("durable_inbox")
                .col("unit")
                .col("parked")
                .col("id")
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_inbox_instance")
                .table("durable_inbox")
                .col("instance")
                .to_owned(),
        ),
    ]
}
