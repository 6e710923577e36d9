#![deny(warnings)]

pub(crate) fn main() {
    use durable_runtime::prelude::*;

    mod payments {
        #[durable_runtime::prelude::activity]
        pub(crate) async fn charge(cents: u64) -> u64 {
            cents
        }
    }
    use payments::charge;

    #[derive(Event, serde::Serialize, serde::Deserialize)]
    struct Approval;

    #[orchestrator(events(Approval))]
    async fn pay(ctx: &OrchestrationContext) -> Result<u64, Failure> {
        use payments as bank;
        ctx.wait_for::<Approval>().await;
        Ok(charge(1).await? + payments::charge(2).await? + bank::charge(3).await?)
    }
    let _call = pay();
}
