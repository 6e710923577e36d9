//! The histories for people: by the instance's id instead of its number.

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
        .from("history")
        .inner_join(
            "instance",
            Expr::col(("instance", "key")).equals(("history", "instance")),
        )
        .to_owned();
    vec![Step::View("readable_history", query)]
}
