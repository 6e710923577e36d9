use durable_runtime::registry::Registry;

async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {
    Registry::default().register(charge);
}
