use std::borrow::Cow;

use durable_runtime::prelude::*;

#[activity]
async fn charge<'a>(card: Cow<'a, str>) -> u64 {
    card.len() as u64
}

#[activity]
async fn refund(card: Cow<'_, str>) -> u64 {
    card.len() as u64
}

fn main() {}
