use durable_runtime::prelude::*;

/// Says hello.
#[activity]
async fn greet(name: String) -> String {
    format!("Hello, {name}")
}

pub(crate) fn main() {
    let _call = greet("Ada".to_owned());
    let _body = greet::run("Ada".to_owned());
}
