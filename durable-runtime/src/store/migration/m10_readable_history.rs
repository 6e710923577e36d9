//! The histories for people: by the instance's id instead of its number.
//!
//! The hub is joined for the sake of index `instance_id`, which begins with it: otherwise the
//! history of one instance would be found by reading all of them.

use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Query;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    let query = Query::select()
        .expr_as(Expr::col(("instance", "id")), "instance")
        .column(("history", "execution"))
        .column(("history", "turn"))
        .column(("history", "at"))
        .column(("history", "events"))
        .from("hub")
        .inner_join(
            "instance",
            Expr::col(("instance", "hub")).equals(("hub", "id")),
        )
        .inner_join(
            "history",
            Expr::col(("history", "instance")).equals(("instance", "key")),
        )
        .to_owned();
    vec![Step::View("readable_history", query)]
}
