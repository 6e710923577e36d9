//! Workers.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    vec![
        Step::Table(
            Table::create()
                .table("durable_worker")
                .col(
                    ColumnDef::new("id")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("hub").small_integer().not_null())
                .col(ColumnDef::new("name").string().not_null())
                .col(ColumnDef::new("epoch").big_integer().not_null())
                .col(ColumnDef::new("commit_id").big_integer().not_null())
                .col(ColumnDef::new("fenced").boolean().not_null())
                .col(ColumnDef::new("lease_until").big_integer().not_null())
                .col(ColumnDef::new("lanes").text().not_null())
                .to_owned(),
        ),
        Step::Index(
            Index::create()
                .name("durable_worker_hub")
                .table("durable_worker")
                .col("hub")
                .to_owned(),
        ),
    ]
}
