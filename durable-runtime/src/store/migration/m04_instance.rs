//! Instances.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::ConditionalStatement;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_instance")
                .col(
                    ColumnDef::new("key")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("hub").small_integer().not_null())
                // The id is in this table only; every other one has the key, an integer, which is
                // narrower in each index.
                .col(ColumnDef::new("id").string_len(100).not_null())
                .col(ColumnDef::new("salt").string_len(32).not_null())
                .col(ColumnDef::new("unit").integer().not_null())
                .col(ColumnDef::new("name").string().not_null())
                .col(ColumnDef::new("version").string().not_null())
                .col(ColumnDef::new("status").string_len(16).not_null())
                .col(ColumnDef::new("execution").big_integer().not_null())
                .col(ColumnDef::new("input").text())
                .col(ColumnDef::new("output").text())
                .col(ColumnDef::new("custom_status").text())
                .col(ColumnDef::new("stalled").text())
                .col(ColumnDef::new("tags").text().not_null())
                // Also in `parent`, whose text no index can look into.
                .col(ColumnDef::new("parent_key").big_integer())
                .col(ColumnDef::new("parent").text())
                .col(ColumnDef::new("detached").boolean().not_null())
                .col(ColumnDef::new("start_at").big_integer())
                .col(ColumnDef::new("created_at").big_integer().not_null())
                .col(ColumnDef::new("updated_at").big_integer().not_null())
                .col(ColumnDef::new("load_at_start").boolean().not_null())
                .col(ColumnDef::new("command").string().not_null())
                .col(ColumnDef::new("headers").text().not_null())
                // The row as its owner wrote it, while others see something else; absent for nearly
                // all.
                .col(ColumnDef::new("owned").text())
                .col(
                    ColumnDef::new("unread_events")
                        .big_integer()
                        .not_null()
                        .default(0),
                )
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_instance_id")
                .table("durable_instance")
                .col("hub")
                .col("id")
                .unique()
                .to_owned(),
        ),
        // Only the few that must be loaded at once, so that the others do not pay for it.
        Step::Index(
            Index::create()
                .name("durable_instance_to_load")
                .table("durable_instance")
                .col("unit")
                .col("key")
                .and_where(Expr::col("load_at_start").eq(true))
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                // The key last: lists and purges go by ascending key, and read the entries of one
                // status in that order.
                .name("durable_instance_status")
                .table("durable_instance")
                .col("hub")
                .col("status")
                .col("key")
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_instance_name")
                .table("durable_instance")
                .col("hub")
                .col("name")
                .col("status")
                .col("key")
                .to_owned(),
        ),
    ]
}
