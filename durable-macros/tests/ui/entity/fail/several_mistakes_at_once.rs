use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity(nmae = "counter", version = "")]
impl Counter {
    fn rename(&mut self, name: &str) {
        self.value = name.len() as u64;
    }

    #[read_only]
    fn new(&mut self, ctx: EntityContext) {
        self.value = ctx.key().len() as u64;
    }

    fn finish(self) -> u64 {
        self.value
    }
}

fn uses(client: &Client) {
    // The names are there all the same.
    let _call = Counter::at("main").rename("main");
    let _client = CounterClient::new(client.clone(), "main").signal_rename("main");
}

fn main() {}
