//! The histories for people: by the instance's id instead of its number.
//!
//! The hub is joined for the sake of index `durable_instance_id`, which begins with it: otherwise the
//! history of one instance would be found by reading all of them.

use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    let query = Query::select()
        .expr_as(Expr::col(("durable_instance", "id")), "instance")
        .column(("durable_history", "execution"))
        .column(("durable_history", "turn"))
        .column(("durable_history", "at"))
        .column(("durable_history", "events"))
        .from("durable_hub")
        .inner_join(
            "durable_instance",
            Expr::col(("durable_instance", "hub")).equals(("durable_hub", "id")),
        )
        .inner_join(
            "durable_history",
            Expr::col(("durable_history", "instance")).equals(("durable_instance", "key")),
        )
        .to_owned();
    vec![Step::View("durable_readable_history", query)]
}
