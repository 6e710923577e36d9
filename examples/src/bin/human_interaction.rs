//! Three shortages: one is cancelled, one becomes a backorder, about one nobody decides. See
//! `durable_examples::human_interaction`.

use durable_examples::human_interaction::ResolveShortageClient;
use durable_examples::human_interaction::RestockDecision;
use durable_examples::human_interaction::Shortage;
use durable_examples::human_interaction::ask_for_decision;
use durable_examples::human_interaction::resolve_shortage;
use durable_examples::human_interaction::send_order;
use durable_examples::options::store_url;
use durable_runtime::prelude::*;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("human_interaction"))
        .register(resolve_shortage)
        .register(ask_for_decision)
        .register(send_order)
        .start()
        .await?;

    let shortages = ResolveShortageClient::new(runtime.client());
    let decisions = [
        ("order-1", Some(RestockDecision::Cancel)),
        (
            "order-2",
            Some(RestockDecision::Backorder {
                in_time: seconds(1),
            }),
        ),
        ("order-3", None),
    ];
    for (order_id, decision) in decisions {
        let shortage = Shortage {
            order_id: order_id.to_owned(),
            article: "turntable".to_owned(),
            patience: seconds(2),
        };
        let start = shortages.start(shortage).id(order_id);
        let question = start.if_exists(IfExists::Use).await?;
        if let Some(decision) = decision {
            decide(&question, decision).await?;
        }
        println!("{order_id}: {:?}", question.result().await?);
    }

    runtime.shutdown().await
}

/// Decides, unless that has been done in an earlier run of this program.
async fn decide(
    question: &Instance<resolve_shortage>,
    decision: RestockDecision,
) -> Result<(), ClientError> {
    match question.raise(decision).dedup_id("decision").await {
        Err(ClientError::AlreadyFinished { .. }) => Ok(()),
        raised => raised,
    }
}
