//! Keeps D024, D034.

use durable_runtime::prelude::*;

#[activity]
async fn greet(name: String) -> String {
    format!("Hello, {name}")
}

#[orchestrator]
async fn greet_twice(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
    let first = greet(name.clone()).await?;
    Ok(first + &greet(name).await?)
}

pub(crate) fn main() {
    let _call = greet_twice("Ada".to_owned());
    fn client(client: &GreetTwiceClient) {
        let _start = client.start("Ada".to_owned()).id("hello");
    }
    let _ = client;
}
