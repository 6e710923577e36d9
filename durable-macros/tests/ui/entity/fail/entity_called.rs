use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn add(&mut self, more: u64) {
        self.value += more;
    }

    async fn pass_on(&mut self, to: String) -> Result<(), Failure> {
        Counter::at(to).add(self.value).await
    }
}

fn main() {}
