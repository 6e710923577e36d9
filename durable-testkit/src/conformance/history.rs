//! Histories.

use std::sync::Arc;

use durable_runtime::history::FORMAT;
use durable_runtime::history::HistoryError;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::work::HistoryGone;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::turn;

/// Turns come back in order, with what was recorded.
pub async fn turns_come_back_oldest_first(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let event = |number| HistoryEvent::CallCancelled {
        path: CallPath::root().child(number),
    };
    for number in 1..=12 {
        let mut write = turn(&row, number);
        let events = [event(u32::try_from(number).unwrap())];
        write.history.as_mut().unwrap().events = serde_json::to_string(&events).unwrap();
        scene.commit(&[write]).await;
    }
    let turns = scene
        .store
        .history_fetch(row.key, row.execution)
        .await
        .unwrap();
    let numbers: Vec<_> = turns.iter().map(|record| record.turn).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    assert!(turns.iter().all(|record| record.format == FORMAT));
    assert_eq!(turns[10].events, [event(11)]);
}

/// Each execution has a history of its own.
pub async fn executions_have_histories_of_their_own(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let mut row = scene.greet("a").await;
    let first = turn(&row, 1);
    row.execution = Execution(2);
    scene.commit(&[first, turn(&row, 1), turn(&row, 2)]).await;
    for (execution, turns) in [(1, 1), (2, 2), (3, 0)] {
        let found = scene
            .store
            .history_fetch(row.key, Execution(execution))
            .await;
        assert_eq!(found.unwrap().len(), turns);
    }
    let unknown = scene
        .store
        .history_fetch(InstanceKey(-1), Execution(1))
        .await;
    assert!(unknown.unwrap().is_empty());
}

/// Turns before a checkpoint can be taken away, those of one execution only; one that the same turn
/// records stays.
pub async fn turns_before_a_checkpoint_can_be_dropped(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (row, other) = (scene.greet("a").await, scene.greet("b").await);
    let mut next = row.clone();
    next.execution = Execution(2);
    let mut writes: Vec<_> = (1..=4).map(|number| turn(&row, number)).collect();
    writes.extend([turn(&next, 1), turn(&other, 1)]);
    scene.commit(&writes).await;
    let mut write = turn(&row, 5);
    write.history_gone = Some(HistoryGone {
        execution: row.execution,
        before: 5,
    });
    scene.commit(&[write]).await;
    for (row, kept) in [(&row, vec![5]), (&next, vec![1]), (&other, vec![1])] {
        let found = scene.store.history_fetch(row.key, row.execution).await;
        let found: Vec<_> = found.unwrap().iter().map(|record| record.turn).collect();
        assert_eq!(found, kept);
    }
    let again = scene.try_commit(&[turn(&row, 5)]).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })));
}

async fn with_row(scene: &mut Scene, format: u32, events: &str) -> HistoryError {
    let row = scene.greet(&format!("format {format}")).await;
    let mut write: TurnWrite = turn(&row, 1);
    let history = write.history.as_mut().unwrap();
    history.format = format;
    events.clone_into(&mut history.events);
    scene.commit(&[write]).await;
    let problem = match scene.store.history_fetch(row.key, row.execution).await {
        Err(StoreError::UnreadableHistory { key, source }) if key == row.key => source,
        other => panic!("expected an unreadable history, got {other:?}"),
    };
    // All else is known, so that its worker can write that down.
    let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
    assert_eq!(loaded.turns, Err(problem.clone()));
    assert_eq!(loaded.instance.key, row.key);
    problem
}

/// What is no list of events is named, and so is its turn.
pub async fn an_unreadable_turn_is_an_error(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let problem = with_row(&mut scene, FORMAT, "[{\"Unheard\":{}}]").await;
    assert!(matches!(problem, HistoryError::Unreadable { turn: 1, .. }));
}

/// A format of another version is named, whatever the events look like.
pub async fn an_unknown_format_is_an_error(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let problem = with_row(&mut scene, FORMAT + 1, "[]").await;
    let expected = HistoryError::UnknownFormat {
        turn: 1,
        format: FORMAT + 1,
    };
    assert_eq!(problem, expected);
}
