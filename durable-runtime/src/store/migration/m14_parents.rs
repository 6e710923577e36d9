//! Finding the children of an instance.

use sea_orm::sea_query::ConditionalStatement;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::Index;

use super::runner::Step;

pub(super) fn steps() -> Vec<Step> {
    // Only children, so that the others do not pay for it.
    vec![Step::Index(
        Index::create()
            .name("durable_instance_parent")
            .table("durable_instance")
            .col("parent_key")
            .col("key")
            .and_where(Expr::col("parent_key").is_not_null())
            .to_owned(),
    )]
}
