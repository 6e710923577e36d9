//! Says hello. Started again, it answers from `hello.db`.
use durable_examples::hello::{HelloClient, greet, hello, shout};
use durable_runtime::prelude::*;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let builder = Runtime::builder().store("sqlite://hello.db");
    let builder = builder.register(hello).register(greet).register(shout);
    let runtime = builder.start().await?;
    let hello = HelloClient::new(runtime.client()).start("Ada".to_owned());
    let instance = hello.id("hello-1").if_exists(IfExists::Use).await?;
    println!("{}", instance.result().await?);
    runtime.shutdown().await
}
