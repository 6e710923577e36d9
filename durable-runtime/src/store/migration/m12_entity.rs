//! Entities.

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
                .table("durable_entity")
                .col(
                    // Counted up like the key of an instance. In all other tables it stands as its
                    // negative, so that the two never meet.
                    ColumnDef::new("id")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("hub").small_integer().not_null())
                .col(ColumnDef::new("unit").integer().not_null())
                .col(ColumnDef::new("name").string().not_null())
                .col(ColumnDef::new("key").string_len(256).not_null())
                .col(ColumnDef::new("state").text())
                .col(ColumnDef::new("version").string())
                .col(ColumnDef::new("held_by").text())
                .col(ColumnDef::new("withdrawn").text().not_null())
                .col(ColumnDef::new("load_at_start").boolean().not_null())
                .col(ColumnDef::new("created_at").big_integer().not_null())
                .col(ColumnDef::new("changed_at").big_integer().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_entity_id")
                .table("durable_entity")
                .col("hub")
                .col("name")
                .col("key")
                .unique()
                .to_owned(),
        ),
        // Only the few that must be loaded at once, so that the others do not pay for it.
        Step::Index(
            Index::create()
                .name("durable_entity_to_load")
                .table("durable_entity")
                .col("unit")
                .col("id")
                .and_where(Expr::col("load_at_start").eq(true))
                .to_owned(),
        ),
    ]
}
