//! Timers.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_timer")
                .col(
                    ColumnDef::new("id")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("instance").big_integer().not_null())
                .col(ColumnDef::new("execution").big_integer().not_null())
                .col(ColumnDef::new("path").string().not_null())
                .col(ColumnDef::new("kind").string_len(16).not_null())
                .col(ColumnDef::new("unit").integer().not_null())
                .col(ColumnDef::new("due").big_integer().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                // One timer for each purpose of a call: setting it again moves it.
                .name("durable_timer_call")
                .table("durable_timer")
                .col("instance")
                .col("execution")
                .col("path")
                .col("kind")
                .unique()
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_timer_due")
                .table("durable_timer")
                .col("unit")
                .col("due")
                .to_owned(),
        ),
    ]
}
