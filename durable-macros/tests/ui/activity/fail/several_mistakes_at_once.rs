use durable_runtime::prelude::*;

#[activity(timout = "1s", queue = "", retry(max_attempts = 0))]
fn charge(card: &str) -> u64 {
    card.len() as u64
}

fn main() {
    // The names are there all the same.
    let _call = charge("1234");
    let _run = charge::run("1234");
}
