//! What an instance makes is never made again (semantics.md A1, T3, C1): not by the next instance
//! under its id, and not in another hub.

use std::collections::BTreeSet;
use std::sync::Arc;

use durable_runtime::callable::CallableError;
use durable_runtime::client::Instance;
use durable_runtime::commands::IfExists;
use durable_runtime::failure::Failure;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::TestHub;

#[activity]
async fn key(ctx: ActivityContext) -> String {
    ctx.idempotency_key()
}

/// A random value, an id and a key.
#[orchestrator]
async fn mint(ctx: &OrchestrationContext) -> Result<Vec<String>, Failure> {
    let made = [
        ctx.random::<u64>().to_string(),
        ctx.new_uuid().to_string(),
        key().await?,
    ];
    Ok(made.to_vec())
}

/// All that an instance makes and its children make, their ids included.
#[orchestrator]
async fn make(ctx: &OrchestrationContext) -> Result<Vec<String>, Failure> {
    let detached = ctx.start_detached(mint()).await?;
    let mut made = vec![detached.to_string(), ctx.new_uuid().to_string()];
    made.push(ctx.random::<u64>().to_string());
    made.push(key().await?);
    made.extend(mint().await?);
    made.extend(mint().id("chosen").await?);
    Ok(made)
}

#[orchestrator]
async fn naps_first(ctx: &OrchestrationContext) -> Result<Vec<String>, Failure> {
    ctx.sleep(hours(1)).await;
    mint().await
}

#[orchestrator]
async fn twice(ctx: &OrchestrationContext, before: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut made = before;
    made.push(ctx.random::<u64>().to_string());
    made.push(ctx.new_uuid().to_string());
    made.push(key().await?);
    if made.len() > 3 {
        return Ok(made);
    }
    ctx.continue_as_new(made).await
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Press {
    prints: u32,
}

#[entity]
impl Press {
    fn print(&mut self, ctx: &EntityContext) -> Vec<String> {
        self.prints += 2;
        let first = ctx.start(mint().id("first print"));
        let second = ctx.start(mint().id("second print"));
        vec![first.to_string(), second.to_string()]
    }
}

async fn pump_over(store: Arc<dyn Store>) -> Pump {
    let builder = Pump::builder().store(store).register(key).register(mint);
    let builder = builder
        .register(make)
        .register(naps_first)
        .register(twice)
        .register_entity::<Press>();
    builder.start().await.unwrap()
}

async fn pump() -> Pump {
    pump_over(Arc::new(ModelStore::exclusive())).await
}

/// What an instance returns.
async fn made<O>(pump: &mut Pump, instance: &Instance<O>) -> Vec<String>
where
    O: durable_runtime::orchestration::Orchestrator<Output = Vec<String>>,
    O::Error: CallableError,
{
    pump.run_until_idle().await.unwrap();
    let result = instance.result().await;
    result.unwrap_or_else(|error| panic!("`{}`: {error}", instance.id()))
}

async fn made_by(pump: &mut Pump, id: &str) -> Vec<String> {
    let instance = MakeClient::new(pump.client()).start().id(id).await.unwrap();
    made(pump, &instance).await
}

fn assert_all_differ<'a>(lives: impl IntoIterator<Item = &'a Vec<String>>) {
    let mut seen = BTreeSet::new();
    for made in lives.into_iter().flatten() {
        assert!(seen.insert(made), "{made} was made twice");
    }
}

#[tokio::test]
async fn an_instance_that_is_purged_and_started_again_makes_nothing_again() {
    let mut pump = pump().await;
    let first = made_by(&mut pump, "order-1").await;
    pump.client().instances().purge().await.unwrap();
    assert_eq!(pump.client().instances().count().await.unwrap(), 0);
    let second = made_by(&mut pump, "order-1").await;
    assert_eq!(second.len(), 10);
    assert_all_differ([&first, &second]);
}

#[tokio::test]
async fn the_same_ids_in_another_hub_make_something_else() {
    let (mut one, mut other) = (pump().await, pump().await);
    let first = made_by(&mut one, "order-1").await;
    let second = made_by(&mut other, "order-1").await;
    assert_all_differ([&first, &second]);
}

#[tokio::test]
async fn what_an_entity_starts_makes_something_else_in_another_hub() {
    let mut all = Vec::new();
    for mut pump in [pump().await, pump().await] {
        let press = PressClient::new(pump.client(), "p");
        let asked = async { press.print().await };
        let (ids, idle) = futures::join!(asked, pump.run_until_idle());
        idle.unwrap();
        assert_eq!(ids.unwrap(), ["first print", "second print"]);
        for id in ["first print", "second print"] {
            let printed: Instance<mint> = pump.client().instance(id).of();
            all.push(made(&mut pump, &printed).await);
        }
    }
    assert_all_differ(&all);
}

#[tokio::test]
async fn a_restart_and_a_replacement_make_something_else() {
    let mut pump = pump().await;
    let client = NapsFirstClient::new(pump.client());
    let first = client.start().id("order-1").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let live = IfExists::Replace(vec![InstanceStatus::Running]);
    let replaced = client.start().id("order-1").if_exists(live).await.unwrap();
    drop(first);
    let mut lives = Vec::new();
    pump.run_until_idle().await.unwrap();
    pump.advance(hours(1)).await.unwrap();
    lives.push(made(&mut pump, &replaced).await);
    let restarted = replaced.restart().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(hours(1)).await.unwrap();
    lives.push(made(&mut pump, &restarted).await);
    assert_all_differ(&lives);
    let salts = salts_of(&restarted, 3).await;
    assert_eq!(BTreeSet::from_iter(&salts).len(), 3, "{salts:?}");
}

#[tokio::test]
async fn the_next_execution_makes_something_else_with_the_same_salt() {
    let mut pump = pump().await;
    let client = TwiceClient::new(pump.client());
    let instance = client.start(Vec::new()).id("order-1").await.unwrap();
    let made = made(&mut pump, &instance).await;
    assert_eq!(made.len(), 6);
    assert_all_differ([&made]);
    let salts = salts_of(&instance, 2).await;
    assert_eq!(salts[0], salts[1]);
}

/// The salts in the histories of an instance, as they are written.
async fn salts_of<O: 'static>(instance: &Instance<O>, executions: u32) -> Vec<String> {
    let mut salts = Vec::new();
    for number in 1..=executions {
        let execution = durable_runtime::ids::Execution(number);
        let history = instance.history_of(execution).await.unwrap();
        let Some(durable_runtime::history::HistoryEvent::ExecutionStarted { salt, .. }) =
            history.events().next()
        else {
            panic!("execution {number} has no beginning");
        };
        salts.push(String::from(*salt));
    }
    salts
}

/// Otherwise the children of the one life are taken for those of the other: nothing is started, and
/// nobody answers.
#[tokio::test]
async fn a_parent_that_is_started_again_does_not_take_earlier_children_for_its_own() {
    let mut pump = pump().await;
    let client = NapsFirstClient::new(pump.client());
    let mut lives = Vec::new();
    for _ in 0..2 {
        let instance = client.start().id("order-1").await.unwrap();
        pump.run_until_idle().await.unwrap();
        pump.advance(hours(1)).await.unwrap();
        lives.push(made(&mut pump, &instance).await);
        instance.purge().children(false).await.unwrap();
    }
    assert_all_differ(&lives);
    let children = pump.client().instances().count().await.unwrap();
    assert_eq!(children, 2);
}

#[tokio::test]
async fn a_chosen_id_of_an_earlier_child_is_taken() {
    let mut pump = pump().await;
    let first = MakeClient::new(pump.client()).start().id("order-1").await;
    let first = first.unwrap();
    let _made = made(&mut pump, &first).await;
    first.purge().children(false).await.unwrap();
    let again = MakeClient::new(pump.client()).start().id("order-1").await;
    pump.run_until_idle().await.unwrap();
    let result = again.unwrap().result().await;
    let Err(durable_runtime::client::ResultError::Failed(Failure::AlreadyExists { instance })) =
        result
    else {
        panic!("{result:?}");
    };
    assert_eq!(instance.as_str(), "chosen");
}

#[tokio::test]
async fn a_crash_changes_nothing_that_is_made() {
    let kit = TestHub::new();
    let kit = kit.register(make).register(mint).register(key);
    let report = kit.crash_everywhere(make()).pairs(20).await;
    assert!(report.points().len() > 10, "{report}");
}

#[tokio::test]
async fn a_saved_history_replays_with_what_was_made() {
    let kit = TestHub::new();
    let kit = kit.register(make).register(mint).register(key);
    let instance = kit.start(make()).await;
    instance.result().await.unwrap();
    let saved = instance.record().await.to_json();
    durable_testkit::replay_check(make, &saved).unwrap();
    let salt = salts_of(instance.instance(), 1).await.remove(0);
    assert_eq!(saved.matches(&salt).count(), 1);
}
