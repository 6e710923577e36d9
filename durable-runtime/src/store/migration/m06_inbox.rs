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
                        // Not the next free number but one that was never given: a worker that
                        // holds an id must not leave out another message for it.
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("instance").big_integer().not_null())
                .col(ColumnDef::new("unit").integer().not_null())
                .col(ColumnDef::new("parked").boolean().not_null())
                .col(ColumnDef::new("at").big_integer().not_null())
                // Also in the body, which may not be readable; wishes and events are found by it
                // without reading the bodies.
                .col(ColumnDef::new("kind").string().not_null())
                .col(ColumnDef::new("body").text().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                // Parked before the id, so that what is parked is not passed over row by row.
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
