//! Errors are recorded too: one that would not come back keeps its words.

use durable_runtime::client::OperationError;
use durable_runtime::failure::CallError;
use durable_runtime::prelude::*;
use durable_runtime::work::Output;
use durable_testkit::TestHub;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
enum Refused {
    #[error("a price of {price} is not one")]
    Price {
        price: f64,
        #[source]
        below: Below,
    },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("the list is empty")]
struct Below;

fn refused() -> Refused {
    Refused::Price {
        price: f64::NAN,
        below: Below,
    }
}

#[activity(retry(max_attempts = 3, initial = "1s"))]
async fn price() -> Result<u8, Refused> {
    Err(refused())
}

#[orchestrator]
async fn ask(_ctx: &OrchestrationContext) -> Result<String, Refused> {
    Ok(match price().await {
        Err(Refused::Infrastructure(failure)) => describe(&failure),
        other => format!("{other:?}"),
    })
}

#[orchestrator]
async fn fail(_ctx: &OrchestrationContext) -> Result<(), Refused> {
    Err(refused())
}

#[derive(Default, Serialize, Deserialize)]
struct Prices(u32);

#[entity]
impl Prices {
    fn look(&mut self) -> Result<u32, Refused> {
        self.0 += 1;
        Err(refused())
    }
}

const DESCRIBED: &str = "a price of NaN is not one; the list is empty; Price.price";

fn describe(failure: &Failure) -> String {
    let Failure::ErrorNotRecorded {
        message,
        causes,
        codec,
    } = failure
    else {
        return format!("{failure:?}");
    };
    let path = codec.path().unwrap_or_default();
    format!("{message}; {}; {path}", causes.join(", "))
}

#[tokio::test]
async fn the_error_of_an_activity_that_would_not_come_back_keeps_its_words() {
    let kit = TestHub::new().register(ask).register(price);
    assert_eq!(kit.start(ask()).await.result().await.unwrap(), DESCRIBED);
    // Whether to try again is asked of the error itself.
    assert_eq!(kit.calls_of(price).calls(), 3);
}

#[tokio::test]
async fn the_error_of_an_orchestrator_that_would_not_come_back_keeps_its_words() {
    let kit = TestHub::new().register(fail);
    match kit.start(fail()).await.ended().await {
        Output::Failed(CallError::Failure(failure)) => assert_eq!(describe(&failure), DESCRIBED),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_error_of_an_operation_that_would_not_come_back_keeps_its_words() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register_entity::<Prices>();
    let runtime = runtime.start().await.unwrap();
    match PricesClient::new(runtime.client(), "a").look().await {
        Err(OperationError::Failed(Refused::Infrastructure(failure))) => {
            assert_eq!(describe(&failure), DESCRIBED);
        }
        other => panic!("{other:?}"),
    }
    runtime.shutdown().await.unwrap();
}
