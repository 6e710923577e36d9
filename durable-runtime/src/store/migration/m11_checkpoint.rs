//! The turn with the last checkpoint of each instance: loading begins there.

use sea_orm::sea_query::ColumnDef;
use sea_orm::sea_query::Table;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    // In the row of the instance, so that a load knows where to begin before it reads any history.
    let mut turn = ColumnDef::new("checkpoint");
    let column = Table::alter()
        .table("durable_instance")
        .add_column(turn.big_integer())
        .to_owned();
    vec![Step::Column(column)]
}
