use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    value: u64,
}

#[entity]
impl Counter {
    fn owned(&mut self, ctx: EntityContext) {
        self.value = ctx.key().len() as u64;
    }

    fn mutable(&mut self, ctx: &mut EntityContext) {
        self.value = ctx.key().len() as u64;
    }

    fn twice(&mut self, ctx: &EntityContext, more: u64, again: &EntityContext) {
        self.value = ctx.key().len() as u64 + more + again.key().len() as u64;
    }
}

fn main() {}
