use durable_runtime::prelude::*;

fn is_declined(text: &String) -> bool {
    text == "declined"
}

#[activity(retry(max_attempts = 3, non_retryable = is_declined))]
async fn charge(cents: u64) -> Result<u64, Failure> {
    Ok(cents)
}

fn main() {}
