use durable_runtime::prelude::*;

#[derive(Debug)]
struct AppError;

type AppResult<T> = Result<T, AppError>;

#[activity]
async fn charge(cents: u64) -> AppResult<u64> {
    Ok(cents)
}

fn main() {}
