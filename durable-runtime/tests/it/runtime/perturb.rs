//! A runtime that compares each execution with a twin, and one that does not.

use std::fmt::Write as _;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use tracing::Event;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing_subscriber::layer::Context;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::layer::SubscriberExt;

/// What no macro looks into.
fn lucky_number() -> u64 {
    RandomState::new().hash_one(0)
}

fn says(text: &str) {
    tracing::info!("a helper says {text}");
}

#[orchestrator]
async fn draws(_ctx: &OrchestrationContext) -> u64 {
    lucky_number()
}

#[orchestrator]
async fn talks(ctx: &OrchestrationContext) {
    ctx.log().info("the orchestrator says hello");
    says("hello");
}

async fn runtime(perturb: bool) -> Runtime {
    Runtime::builder()
        .store("memory:")
        .perturb(perturb)
        .register(draws)
        .register(talks)
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_not_deterministic_stalls_in_a_runtime_that_perturbs() {
    let runtime = runtime(true).await;
    let instance = DrawsClient::new(runtime.client()).start().await.unwrap();
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let status = loop {
        looks.tick().await;
        let status = instance.status().await.unwrap();
        if status.status() != InstanceStatus::Pending {
            break status;
        }
    };
    let report = status.stalled().unwrap();
    assert!(
        report.contains("comes out differently when it is run twice"),
        "{report}"
    );
    assert!(instance.history().await.unwrap().is_empty());
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_not_deterministic_goes_unnoticed_in_one_that_does_not() {
    let runtime = runtime(false).await;
    let instance = DrawsClient::new(runtime.client()).start().await.unwrap();
    instance.result().await.unwrap();
    runtime.shutdown().await.unwrap();
}

/// Keeps the messages of events.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn that(&self, what: &str) -> usize {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|text| text.contains(what)).count()
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Text(String);

        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    // Writing to a `String` cannot fail.
                    let _ = write!(self.0, "{value:?}");
                }
            }
        }

        let mut text = Text(String::new());
        event.record(&mut text);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text.0);
    }
}

#[tokio::test]
async fn a_twin_is_not_heard() {
    let heard = Heard::default();
    let subscriber = tracing_subscriber::registry().with(heard.clone());
    let _default = tracing::subscriber::set_default(subscriber);
    let runtime = runtime(true).await;
    let instance = TalksClient::new(runtime.client()).start().await.unwrap();
    instance.result().await.unwrap();
    assert_eq!(heard.that("the orchestrator says hello"), 1);
    assert_eq!(heard.that("a helper says hello"), 1);
    runtime.shutdown().await.unwrap();
}
