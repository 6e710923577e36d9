//! Helpers that run inside their callers: what they may take, where their calls are numbered, and
//! how they end.

use std::fmt::Display;
use std::sync::Arc;

use durable_runtime::history::HistoryEvent;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::prelude::*;
use durable_testkit::Pump;
use futures::future::join_all;
use serde::Deserialize;
use serde::Serialize;

#[activity]
async fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum SumError {
    #[error("{0} is too much")]
    TooMuch(u32),
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

// What a helper may take and give.

#[orchestrator(inline)]
async fn sum_of<const N: usize>(
    _ctx: &OrchestrationContext,
    numbers: [u32; N],
) -> Result<u32, SumError> {
    let mut sum = 0;
    for number in numbers {
        sum = add(sum, number).await?;
    }
    if sum > 100 {
        Err(SumError::TooMuch(sum))
    } else {
        Ok(sum)
    }
}

#[orchestrator(inline)]
async fn folded<T, F>(
    _ctx: &OrchestrationContext,
    items: &[T],
    mut number_of: F,
) -> Result<u32, Failure>
where
    T: Sync,
    F: FnMut(&T) -> u32 + Send,
{
    let mut sum = 0;
    for item in items {
        sum = add(sum, number_of(item)).await?;
    }
    Ok(sum)
}

#[orchestrator(inline)]
async fn told(
    ctx: &OrchestrationContext,
    what: &(impl Display + Sync + ?Sized),
    numbers: &mut (impl Iterator<Item = u32> + Send),
    (from, mut to): (u32, u32),
    _: u32,
) -> String {
    ctx.sleep(seconds(1)).await;
    to += from;
    format!("{what} {:?} {to}", numbers.collect::<Vec<_>>())
}

#[orchestrator(inline)]
async fn shown(
    ctx: &OrchestrationContext,
    what: impl Display + Send,
    by: &(dyn Fn(u32) -> u32 + Sync),
) -> String {
    let text = format!("{what} {}", by(1));
    let _ = ctx;
    text
}

#[orchestrator(inline)]
async fn longest<'a, 'b: 'a>(
    ctx: &OrchestrationContext,
    words: &'a [&'b str],
    otherwise: &'a str,
) -> Option<&'a str> {
    ctx.sleep(seconds(1)).await;
    let longest = words.iter().copied().max_by_key(|word| word.len());
    Some(longest.unwrap_or(otherwise))
}

#[orchestrator(inline)]
async fn as_text<T>(
    _ctx: &OrchestrationContext,
    number: T,
) -> Result<impl Display + use<T>, Failure>
where
    T: Into<u32> + Send,
{
    add(number.into(), 1).await
}

#[orchestrator(inline)]
async fn coerced(
    ctx: &OrchestrationContext,
    number: u32,
) -> Result<Box<dyn Display + Send>, Box<dyn std::error::Error + Send + Sync>> {
    ctx.sleep(seconds(1)).await;
    if number > 9 {
        return Ok(Box::new(number));
    }
    if number > 8 {
        return Err("nine".into());
    }
    let text: String = add(number, 0).await?.to_string();
    Ok(Box::new(text))
}

// Recursion.

#[orchestrator(inline)]
async fn fibonacci(ctx: &OrchestrationContext, n: u32) -> Result<u32, Failure> {
    if n < 2 {
        return Ok(n);
    }
    let (a, b) = try_join!(fibonacci(ctx, n - 1), fibonacci(ctx, n - 2).boxed_durable())?;
    add(a, b).await
}

#[orchestrator(inline)]
async fn is_even(ctx: &OrchestrationContext, n: u32) -> Result<bool, Failure> {
    if n == 0 {
        Ok(true)
    } else {
        is_odd(ctx, add(n, 0).await? - 1).await
    }
}

#[orchestrator(inline)]
async fn is_odd(ctx: &OrchestrationContext, n: u32) -> Result<bool, Failure> {
    if n == 0 {
        Ok(false)
    } else {
        is_even(ctx, n - 1).boxed_durable().await
    }
}

// Methods.

#[derive(Debug, PartialEq)]
struct Cart<T> {
    items: Vec<T>,
    total: u32,
}

impl<T: Into<u32> + Clone + Send + Sync> Cart<T> {
    #[orchestrator(inline)]
    async fn total_of(&self, _ctx: &OrchestrationContext, more: T) -> Result<u32, Failure> {
        let mut sum = more.into();
        for item in &self.items {
            sum = add(sum, item.clone().into()).await?;
        }
        Ok(sum)
    }

    #[orchestrator(inline)]
    async fn pay(&mut self, ctx: &OrchestrationContext, tip: T) -> Result<&mut u32, Failure> {
        self.total = self.total_of(ctx, tip).await?;
        Ok(&mut self.total)
    }

    #[orchestrator(inline)]
    async fn emptied(mut self, _ctx: &OrchestrationContext) -> Result<Self, Failure> {
        while let Some(item) = self.items.pop() {
            self.total = add(self.total, item.into()).await?;
        }
        Ok(self)
    }

    #[orchestrator(inline)]
    async fn filled(_ctx: &OrchestrationContext, item: T) -> Result<Self, Failure> {
        let total = add(item.clone().into(), 0).await?;
        let items = vec![item];
        Ok(Self { items, total })
    }

    #[orchestrator(inline)]
    async fn shared(self: Arc<Self>, _ctx: &OrchestrationContext) -> Result<u32, Failure> {
        add(self.total, 1).await
    }
}

trait Priced: Sync {
    fn cents(&self) -> u32;

    #[orchestrator(inline)]
    async fn price(&self, ctx: &OrchestrationContext, extra: &u32) -> Result<u32, Failure>;

    #[orchestrator(inline)]
    async fn twice(&self, ctx: &OrchestrationContext) -> Result<u32, Failure> {
        let (a, b) = try_join!(self.price(ctx, &0), self.price(ctx, &1))?;
        Ok(a + b)
    }
}

impl Priced for u32 {
    fn cents(&self) -> u32 {
        *self
    }

    #[orchestrator(inline)]
    async fn price(&self, _ctx: &OrchestrationContext, extra: &u32) -> Result<u32, Failure> {
        add(self.cents(), *extra).await
    }
}

#[orchestrator]
async fn takes_and_gives(ctx: &OrchestrationContext) -> Result<Vec<String>, SumError> {
    let mut told_of = Vec::new();
    told_of.push(sum_of(ctx, [1, 2, 3]).await?.to_string());
    told_of.push(sum_of(ctx, [70, 31]).await.unwrap_err().to_string());
    let words = ["a", "abc", "ab"];
    let mut seen = 0;
    let sum = folded(ctx, &words, |word| {
        seen += 1;
        u32::try_from(word.len()).unwrap_or(0)
    });
    told_of.push(sum.await?.to_string());
    told_of.push(seen.to_string());
    told_of.push(told(ctx, "what", &mut (1..3), (3, 4), 9).await);
    told_of.push(shown(ctx, 7, &|n| n + 1).await);
    told_of.push(longest(ctx, &words, "none").await.unwrap_or("").to_owned());
    told_of.push(as_text(ctx, 8_u8).await?.to_string());
    for number in [10, 9, 8] {
        let coerced = coerced(ctx, number).await;
        told_of.push(coerced.map_or_else(|error| error.to_string(), |shown| shown.to_string()));
    }
    Ok(told_of)
}

#[orchestrator]
async fn recurs(ctx: &OrchestrationContext) -> Result<(u32, bool), Failure> {
    try_join!(fibonacci(ctx, 6), is_even(ctx, 5))
}

#[orchestrator]
async fn has_methods(ctx: &OrchestrationContext) -> Result<Vec<u32>, Failure> {
    let mut cart = Cart {
        items: vec![1_u16, 2],
        total: 0,
    };
    *cart.pay(ctx, 3).await? += 10;
    let cart = cart.emptied(ctx).await?;
    let all: &dyn Priced = &20;
    let filled = Cart::filled(ctx, 5_u16).await?;
    Ok(vec![
        filled.total,
        cart.total,
        Arc::new(cart).shared(ctx).await?,
        all.twice(ctx).await?,
    ])
}

// Where calls are numbered.

#[orchestrator(inline)]
async fn two_steps(ctx: &OrchestrationContext, n: u32) -> Result<u32, Failure> {
    let first = add(n, 1).await?;
    ctx.sleep(seconds(1)).await;
    add(first, 1).await
}

#[orchestrator]
async fn in_branches(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let mut sum = 0;
    for n in 0..2 {
        sum += two_steps(ctx, n).await?;
    }
    let (a, b) = join!(two_steps(ctx, 10), async { two_steps(ctx, 20).await });
    sum += a? + b?;
    let all = join_all((0..3).map(|n| two_steps(ctx, n))).await;
    for result in all {
        sum += result?;
    }
    Ok(sum)
}

#[orchestrator]
async fn held_in_a_loop(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let mut steps = two_steps(ctx, 1);
    let mut waits = 0;
    loop {
        select! {
            sum = &mut steps => return Ok(sum? + 100 * waits),
            _ = ctx.sleep(std::time::Duration::from_millis(300)) => waits += 1,
        }
    }
}

// When what a helper holds is dropped.

#[orchestrator(inline)]
async fn outlives<T: Send>(ctx: &OrchestrationContext, _held: T) {
    ctx.sleep(seconds(10)).await;
}

#[orchestrator(inline)]
async fn outlives_unnamed<T: Send>(ctx: &OrchestrationContext, _: T) {
    ctx.sleep(seconds(10)).await;
}

struct Holds<T>(T);

impl<T: Send> Holds<T> {
    #[orchestrator(inline)]
    async fn outlives(self, ctx: &OrchestrationContext) {
        ctx.sleep(seconds(10)).await;
    }
}

#[orchestrator]
async fn holds_calls(ctx: &OrchestrationContext) {
    outlives(ctx, ctx.sleep(hours(1)).boxed_durable()).await;
    let named = add(1, 1).spawn();
    outlives(ctx, named).await;
    let unnamed = add(2, 2).spawn();
    outlives_unnamed(ctx, unnamed).await;
    let of_self = add(3, 3).spawn();
    Holds(of_self).outlives(ctx).await;
}

#[orchestrator]
async fn drops_a_helper(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    select! {
        sum = two_steps(ctx, 1) => sum,
        _ = ctx.sleep(std::time::Duration::from_millis(500)) => Ok(0),
    }
}

async fn pump(cached: bool) -> Pump {
    let builder = Pump::builder()
        .config(|config| config.cache_bytes = if cached { usize::MAX } else { 0 })
        .register(add)
        .register(takes_and_gives)
        .register(recurs)
        .register(has_methods)
        .register(in_branches)
        .register(held_in_a_loop)
        .register(holds_calls)
        .register(drops_a_helper);
    builder.start().await.unwrap()
}

async fn end(pump: &mut Pump) {
    for _ in 0..60 {
        pump.advance(std::time::Duration::from_millis(500))
            .await
            .unwrap();
    }
}

/// The history as `path what` of each decision.
async fn decisions<O: Orchestrator>(instance: &Instance<O>) -> Vec<String> {
    let history = instance.history().await.unwrap();
    let told = |event: &HistoryEvent| match event {
        HistoryEvent::ActivityScheduled { path, input, .. } => {
            let input = input.as_ref().map_or("", durable_runtime::Payload::as_text);
            Some(format!("{path} add{input}"))
        }
        HistoryEvent::TimerCreated { path, .. } => Some(format!("{path} sleep")),
        HistoryEvent::CallCancelled { path } => Some(format!("{path} dropped")),
        _ => None,
    };
    history.events().filter_map(told).collect()
}

#[tokio::test]
async fn helpers_take_and_give_what_functions_do() {
    for cached in [true, false] {
        let mut pump = pump(cached).await;
        let instance = TakesAndGivesClient::new(pump.client())
            .start()
            .await
            .unwrap();
        end(&mut pump).await;
        assert_eq!(
            instance.result().await.unwrap(),
            [
                "6",
                "101 is too much",
                "6",
                "3",
                "what [1, 2] 7",
                "7 2",
                "abc",
                "9",
                "10",
                "nine",
                "8"
            ]
        );
    }
}

#[tokio::test]
async fn helpers_call_themselves_and_each_other() {
    for cached in [true, false] {
        let mut pump = pump(cached).await;
        let instance = RecursClient::new(pump.client()).start().await.unwrap();
        end(&mut pump).await;
        assert_eq!(instance.result().await.unwrap(), (8, false));
    }
}

#[tokio::test]
async fn methods_are_helpers() {
    for cached in [true, false] {
        let mut pump = pump(cached).await;
        let instance = HasMethodsClient::new(pump.client()).start().await.unwrap();
        end(&mut pump).await;
        // 3 + 1 + 2 and 10, then the items once more; one more; 20 and 21.
        assert_eq!(instance.result().await.unwrap(), [5, 19, 20, 41]);
    }
}

#[tokio::test]
async fn calls_of_a_helper_are_numbered_in_the_branch_of_its_caller() {
    let mut pump = pump(true).await;
    let instance = InBranchesClient::new(pump.client()).start().await.unwrap();
    end(&mut pump).await;
    assert_eq!(
        instance.result().await.unwrap(),
        2 + 3 + 12 + 22 + 2 + 3 + 4
    );
    let decisions = decisions(&instance).await;
    assert_eq!(
        decisions,
        [
            // Twice in a loop, one after the other.
            "0 add[0,1]",
            "1 sleep",
            "2 add[1,1]",
            "3 add[1,1]",
            "4 sleep",
            "5 add[2,1]",
            // In the two arms of a `join!`.
            "6.0 add[10,1]",
            "7.0 add[20,1]",
            "6.1 sleep",
            "7.1 sleep",
            "6.2 add[11,1]",
            "7.2 add[21,1]",
            // In no branch of their own: in the order in which they come to their calls.
            "9 add[0,1]",
            "10 add[1,1]",
            "11 add[2,1]",
            "12 sleep",
            "13 sleep",
            "14 sleep",
            "15 add[1,1]",
            "16 add[2,1]",
            "17 add[3,1]",
        ]
    );
}

#[tokio::test]
async fn a_helper_that_is_held_over_turns_of_a_loop_goes_on() {
    for cached in [true, false] {
        let mut pump = pump(cached).await;
        let instance = HeldInALoopClient::new(pump.client()).start().await.unwrap();
        end(&mut pump).await;
        assert_eq!(instance.result().await.unwrap() % 100, 3);
    }
}

#[tokio::test]
async fn what_a_helper_is_given_lives_as_long_as_it_runs() {
    let mut pump = pump(true).await;
    let instance = HoldsCallsClient::new(pump.client()).start().await.unwrap();
    end(&mut pump).await;
    end(&mut pump).await;
    instance.result().await.unwrap();
    let decisions = decisions(&instance).await;
    let dropped = decisions
        .iter()
        .any(|decision| decision.ends_with("dropped"));
    assert!(
        !dropped,
        "the activities ended long before the helpers did: {decisions:?}"
    );
}

#[tokio::test]
async fn a_helper_that_is_dropped_cancels_its_calls() {
    let mut pump = pump(true).await;
    let instance = DropsAHelperClient::new(pump.client())
        .start()
        .await
        .unwrap();
    end(&mut pump).await;
    assert_eq!(instance.result().await.unwrap(), 0);
    let decisions = decisions(&instance).await;
    assert!(
        decisions
            .iter()
            .any(|decision| decision.ends_with("dropped")),
        "{decisions:?}"
    );
}
