//! What an orchestrator with many calls at once and its test need comes with the two preludes.

use durable_runtime::prelude::*;
use durable_testkit::prelude::*;

#[activity]
async fn double(number: u32) -> u32 {
    number * 2
}

#[orchestrator]
async fn all_at_once(_ctx: &OrchestrationContext, numbers: Vec<u32>) -> Result<u32, Failure> {
    let each: u32 = try_join_all(numbers.iter().copied().map(double))
        .await?
        .iter()
        .sum();
    let again = join_all(numbers.iter().copied().map(double)).await;
    let again: u32 = again.into_iter().flatten().sum();
    let mut open: FuturesUnordered<_> = numbers.into_iter().map(double).collect();
    let mut in_turn = 0;
    while let Some(doubled) = open.next().await {
        in_turn += doubled?;
    }
    Ok(each + again + in_turn)
}

/// The types of a mock and of its calls in a signature.
fn counted(mock: Mock<Call<double>>) -> (TestHub, Calls<Call<double>>) {
    let kit = TestHub::new().register(all_at_once);
    let calls = kit.mock(mock);
    (kit, calls)
}

#[tokio::test]
async fn many_calls_at_once_need_no_other_import() {
    let (kit, calls) = counted(double::with(|number| number * 2));
    let instance = kit.start(all_at_once(vec![1, 2])).await;
    assert_eq!(instance.result().await, Ok(18));
    assert_eq!(calls.calls(), 6);
}
