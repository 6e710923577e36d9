//! `function_chaining`.

use durable_examples::function_chaining::Inquiry;
use durable_examples::function_chaining::MakeQuoteClient;
use durable_examples::function_chaining::QuoteError;
use durable_examples::function_chaining::convert;
use durable_examples::function_chaining::discount;
use durable_examples::function_chaining::look_up_price;
use durable_examples::function_chaining::make_quote;
use durable_examples::function_chaining::write_quote;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::says_the_same_twice;
use crate::saved;

#[test]
fn the_program_makes_a_quote_once() {
    says_the_same_twice(
        env!("CARGO_BIN_EXE_function_chaining"),
        "12 x record: 198.61 EUR\n",
    );
}

async fn quote(article: &str, currency: &str) -> Result<String, ResultError<QuoteError>> {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(make_quote)
        .register(look_up_price)
        .register(discount)
        .register(convert)
        .register(write_quote)
        .start()
        .await
        .unwrap();
    let inquiry = Inquiry {
        article: article.to_owned(),
        pieces: 1,
        currency: currency.to_owned(),
    };
    let quotes = MakeQuoteClient::new(runtime.client());
    let quote = quotes.start(inquiry).await.unwrap().result().await;
    runtime.shutdown().await.unwrap();
    quote.map(|quote| quote.text)
}

#[tokio::test]
async fn each_step_takes_what_the_one_before_it_gave() {
    assert_eq!(
        quote("turntable", "USD").await.unwrap(),
        "1 x turntable: 249.00 USD"
    );
}

#[tokio::test]
async fn the_error_of_a_step_ends_the_chain_with_its_own_type() {
    let error = quote("gramophone", "USD").await.unwrap_err();
    assert!(
        matches!(
            error,
            ResultError::Failed(QuoteError::UnknownArticle { .. })
        ),
        "{error:?}"
    );
    let error = quote("record", "XYZ").await.unwrap_err();
    assert!(
        matches!(
            error,
            ResultError::Failed(QuoteError::UnknownCurrency { .. })
        ),
        "{error:?}"
    );
}

fn inquiry(currency: &str) -> Inquiry {
    Inquiry {
        article: "record".to_owned(),
        pieces: 12,
        currency: currency.to_owned(),
    }
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(make_quote).register(discount);
    let kit = kit.register(convert).register(write_quote);
    let down = QuoteError::Infrastructure(Failure::Cancelled);
    kit.mock(look_up_price::fails_times(2, down).then(look_up_price::with(|_| Ok(1_000))));
    kit
}

#[tokio::test]
async fn a_price_list_that_is_down_is_asked_again_after_a_while() {
    let kit = kit();
    let before = kit.now();
    let quote = kit.start(make_quote(inquiry("EUR"))).await;
    assert_eq!(quote.result().await.unwrap().text, "12 x record: 99.36 EUR");
    assert_called!(kit.calls_of(look_up_price), 3);
    assert!(kit.now() > before);
}

#[tokio::test]
async fn a_quote_survives_a_crash_at_every_point() {
    let kit = kit();
    kit.mock(look_up_price::with(|_| Ok(1_000)));
    let crashes = kit.crash_everywhere(make_quote(inquiry("EUR")));
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 15, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_quote_fits() {
    let quote = kit().start(make_quote(inquiry("EUR"))).await;
    quote.result().await.unwrap();
    let saved = saved::history("function_chaining", &quote).await;
    replay_check(make_quote, &saved).unwrap();
}
