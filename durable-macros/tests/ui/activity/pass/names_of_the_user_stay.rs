#![deny(warnings)]

// Nothing of the prelude is imported, and common names mean something else.
mod shop {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(super) struct Vec(u8);
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(super) struct Option;
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(super) struct String;
    #[allow(dead_code)]
    pub(super) struct Payload;
    #[allow(dead_code)]
    pub(super) struct Client;

    #[durable_runtime::prelude::activity]
    pub(super) async fn r#move(scope: Vec, list: Option, call: String) -> Vec {
        let _ = (list, call);
        Vec(scope.0)
    }

    #[durable_runtime::prelude::orchestrator]
    pub(super) async fn run(
        ctx: &durable_runtime::prelude::OrchestrationContext,
        cursor: Vec,
        input: Option,
        value: String,
    ) -> Vec {
        ctx.sleep(std::time::Duration::from_secs(1)).await;
        let moved = r#move(cursor, input, value).await;
        moved.unwrap_or(Vec(0))
    }
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(shop::run);
    registry.register(shop::r#move);
    registry.check().unwrap();
    assert!(registry.activity("move").is_some());
}
