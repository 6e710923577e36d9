//! What lists are found by: one index for each thing that a filter can ask for.
//!
//! Those that are in order of keys for one value of theirs end in the key; those of times are not.

use sea_orm::sea_query::ConditionalStatement;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Index;
use sea_orm::sea_query::IndexCreateStatement;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    let mut custom_status = of_instances(
        "durable_instance_custom_status",
        &["hub", "custom_status", "key"],
    );
    // Only those that have one, so that the others do not pay for it.
    custom_status.and_where(Expr::col("custom_status").is_not_null());
    let version = ["hub", "version", "name", "status", "key"];
    vec![
        Step::Index(of_instances("durable_instance_version", &version)),
        Step::Index(custom_status),
        Step::Index(of_instances(
            "durable_instance_created",
            &["hub", "created_at"],
        )),
        Step::Index(of_instances(
            "durable_instance_updated",
            &["hub", "updated_at"],
        )),
        Step::Index(index(
            "durable_entity_changed",
            "durable_entity",
            &["hub", "changed_at"],
        )),
    ]
}

fn of_instances(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(name, "durable_instance", columns)
}

fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
