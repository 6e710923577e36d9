//! `hello`.

use durable_examples::hello::greet;
use durable_examples::hello::hello;
use durable_examples::hello::shout;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::says_the_same_twice;
use crate::saved;

#[test]
fn the_program_says_hello_and_remembers_it() {
    says_the_same_twice(env!("CARGO_BIN_EXE_hello"), "HELLO, ADA!\n");
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(hello);
    kit.mock(greet::fails_times(1, Failure::Cancelled).then(greet::with(|name| name)));
    kit.mock(shout::delayed(minutes(1), |text| text + "!"));
    kit
}

#[tokio::test]
async fn hello_takes_what_its_activities_say() {
    let kit = TestHub::new().register(hello);
    let greetings = kit.mock(greet::with(|name| name));
    kit.mock(shout::delayed(minutes(1), |text| text + "!"));
    let before = kit.now();
    let hello = kit.start(hello("Ada".to_owned())).await;
    assert_eq!(hello.result().await.unwrap(), "Ada!");
    assert_eq!(kit.now().since(before), minutes(1));
    assert_called!(greetings, with[("Ada".to_owned(),)]);
}

#[tokio::test]
async fn hello_ends_with_the_failure_of_its_activity() {
    let hello = kit().start(hello("Ada".to_owned())).await;
    assert_eq!(hello.result().await, Err(Failure::Cancelled));
}

#[tokio::test]
async fn hello_survives_a_crash_at_every_point() {
    let kit = TestHub::new()
        .register(hello)
        .register(greet)
        .register(shout);
    let report = kit
        .crash_everywhere(hello("Ada".to_owned()))
        .pairs(2_000)
        .await;
    assert!(report.points().len() > 8, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_hello_fits() {
    let kit = TestHub::new()
        .register(hello)
        .register(greet)
        .register(shout);
    let instance = kit.start(hello("Ada".to_owned())).await;
    instance.result().await.unwrap();
    replay_check(hello, &saved::history("hello", &instance).await).unwrap();
}
