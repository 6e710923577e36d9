//! Lanes and their units.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("lane")
                .col(
                    ColumnDef::new("id")
                        .integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("hub").small_integer().not_null())
                .col(ColumnDef::new("name").string().not_null())
                .to_owned(),
        ),
        Step::Table(
            Table::create()
                .table("unit")
                .col(ColumnDef::new("id").integer().not_null().primary_key())
                .col(ColumnDef::new("hub").small_integer().not_null())
                .col(ColumnDef::new("owner").big_integer())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("lane_name")
                .table("lane")
                .col("hub")
                .col("name")
                .unique()
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("unit_owner")
                .table("unit")
                .col("hub")
                .col("owner")
                .to_owned(),
        ),
    ]
}
