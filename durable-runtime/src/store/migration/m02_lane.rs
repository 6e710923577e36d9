//! Lanes and their units.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_lane")
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
                .table("durable_unit")
                // Not numbered by the database: a unit is its lane's number times the partitions,
                // plus its partition.
                .col(ColumnDef::new("id").integer().not_null().primary_key())
                .col(ColumnDef::new("hub").small_integer().not_null())
                .col(ColumnDef::new("owner").big_integer())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_lane_name")
                .table("durable_lane")
                .col("hub")
                .col("name")
                .unique()
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_unit_owner")
                .table("durable_unit")
                .col("hub")
                .col("owner")
                .to_owned(),
        ),
    ]
}
