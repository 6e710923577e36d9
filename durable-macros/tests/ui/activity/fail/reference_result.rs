use durable_runtime::prelude::*;

#[activity]
async fn currency() -> &'static str {
    "EUR"
}

#[activity]
async fn currencies() -> Result<Vec<&'static str>, Failure> {
    Ok(vec!["EUR"])
}

fn main() {}
