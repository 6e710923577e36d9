//! Timers.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::ids::CallPath;
use durable_runtime::store::Store;
use durable_runtime::store::TimerPlace;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Timer;
use durable_runtime::work::TimerId;
use durable_runtime::work::TimerKind;
use durable_runtime::work::TurnWrite;

use super::scene::START;
use super::scene::Scene;
use super::scene::update;

fn timer(row: &InstanceRow, number: u32, kind: TimerKind, seconds: u64) -> Timer {
    Timer {
        id: TimerId {
            key: row.key,
            execution: row.execution,
            path: CallPath::root().child(number),
            kind,
        },
        due: START + Duration::from_secs(seconds),
    }
}

async fn due(scene: &Scene, seconds: u64, limit: u32) -> Vec<Timer> {
    let until = START + Duration::from_secs(seconds);
    let page = scene.store.timers_due(&scene.units, until, None, limit);
    let timers = page.await.unwrap().timers;
    timers.into_iter().map(|(_, timer)| timer).collect()
}

/// The timers page by page, and how many pages there are.
async fn paged(scene: &Scene, seconds: u64, limit: u32) -> (Vec<Timer>, usize) {
    let until = START + Duration::from_secs(seconds);
    let (mut timers, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = scene.store.timers_due(&scene.units, until, after, limit);
        let page = page.await.unwrap();
        assert!(page.timers.len() <= limit.max(1) as usize);
        timers.extend(page.timers.into_iter().map(|(_, timer)| timer));
        pages += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => return (timers, pages),
        }
    }
}

async fn set(scene: &mut Scene, row: &InstanceRow, timers: &[Timer]) {
    let mut write = TurnWrite::new(row.key, row.unit);
    write.timers = timers.to_vec();
    scene.commit(&[write]).await;
}

/// The window ends at `until`, that very moment included; earliest first; equal ones as created.
pub async fn timers_come_by_due_time(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let sleep = |number, seconds| timer(&row, number, TimerKind::Sleep, seconds);
    let all = [sleep(10, 5), sleep(2, 5), sleep(1, 9), sleep(3, 2)];
    set(&mut scene, &row, &all).await;
    let [ten, two, one, three] = all;
    assert!(due(&scene, 1, 10).await.is_empty());
    assert_eq!(due(&scene, 2, 10).await, std::slice::from_ref(&three));
    let firsts = [three.clone(), ten.clone(), two.clone()];
    assert_eq!(due(&scene, 8, 10).await, firsts);
    assert_eq!(due(&scene, 9, 2).await, firsts[..2]);
    assert_eq!(due(&scene, 9, 10).await, [three, ten, two, one]);
}

/// One call may have a timer of each kind.
pub async fn timers_of_one_call_differ_by_kind(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let kinds = [TimerKind::Sleep, TimerKind::Retry, TimerKind::Deadline];
    let all = kinds.map(|kind| timer(&row, 1, kind, 1));
    set(&mut scene, &row, &all).await;
    assert_eq!(due(&scene, 1, 10).await, all);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.timers_gone = vec![all[1].id.clone()];
    scene.commit(&[write]).await;
    assert_eq!(due(&scene, 1, 10).await, [all[0].clone(), all[2].clone()]);
}

/// A timer that is set already gets the new due time.
pub async fn a_timer_set_again_moves(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    set(&mut scene, &row, &[timer(&row, 1, TimerKind::Sleep, 1)]).await;
    let moved = timer(&row, 1, TimerKind::Sleep, 5);
    set(&mut scene, &row, std::slice::from_ref(&moved)).await;
    assert!(due(&scene, 4, 10).await.is_empty());
    assert_eq!(due(&scene, 5, 10).await, [moved]);
}

/// A turn may take a timer away and set the same one anew: the next attempt of a call.
pub async fn a_turn_takes_timers_away_before_it_sets_new_ones(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let first = timer(&row, 1, TimerKind::Retry, 1);
    set(&mut scene, &row, std::slice::from_ref(&first)).await;
    let second = timer(&row, 1, TimerKind::Retry, 3);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.timers_gone = vec![first.id];
    write.timers = vec![second.clone()];
    scene.commit(&[write]).await;
    assert_eq!(due(&scene, 9, 10).await, [second]);
}

/// Taking away what is not there is no error.
pub async fn taking_an_absent_timer_away_is_no_error(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut write = TurnWrite::new(row.key, row.unit);
    write.timers_gone = vec![timer(&row, 1, TimerKind::Sleep, 1).id];
    scene.commit(&[write]).await;
}

/// The end of an instance takes its timers along, and nobody else's.
pub async fn timers_end_with_their_instance(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (a, b) = (scene.greet("a").await, scene.greet("b").await);
    set(&mut scene, &a, &[timer(&a, 1, TimerKind::Sleep, 1)]).await;
    let stays = timer(&b, 1, TimerKind::Sleep, 1);
    set(&mut scene, &b, std::slice::from_ref(&stays)).await;
    scene.end(&a, InstanceStatus::Terminated).await;
    assert_eq!(due(&scene, 9, 10).await, [stays]);
}

/// An execution that begins anew leaves no timer to the next one.
pub async fn timers_end_with_their_execution(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    set(&mut scene, &row, &[timer(&row, 1, TimerKind::Sleep, 1)]).await;
    let mut write = TurnWrite::new(row.key, row.unit);
    let mut anew = update(InstanceStatus::Running, row.execution.next());
    anew.input = Some(None);
    write.update = Some(anew);
    let mut next = timer(&row, 1, TimerKind::Sleep, 2);
    next.id.execution = row.execution.next();
    write.timers = vec![next.clone()];
    scene.commit(&[write]).await;
    assert_eq!(due(&scene, 9, 10).await, [next]);
}

/// Only timers of the units asked for.
pub async fn timers_keep_to_the_units(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    set(&mut scene, &row, &[timer(&row, 1, TimerKind::Sleep, 1)]).await;
    let end = Timestamp::from_millis(i64::MAX);
    for unit in scene.units.clone() {
        let page = scene
            .store
            .timers_due(&[unit], end, None, 10)
            .await
            .unwrap();
        assert_eq!(page.timers.len(), usize::from(unit == row.unit));
    }
}

/// A page goes on behind the last timer of the one before, also among those due in one moment; what
/// nobody acts on keeps none from being found.
pub async fn timers_come_page_by_page(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let sleep = |number, seconds| timer(&row, number, TimerKind::Sleep, seconds);
    let due_at_once = (0..7).map(|number| sleep(20 - number, 5));
    let all: Vec<_> = due_at_once.chain([sleep(30, 6), sleep(31, 7)]).collect();
    set(&mut scene, &row, &all).await;
    assert_eq!(paged(&scene, 9, 3).await, (all.clone(), 3));
    assert_eq!(paged(&scene, 9, 4).await, (all.clone(), 3));
    assert_eq!(paged(&scene, 9, 0).await, (all.clone(), 9));
    assert_eq!(paged(&scene, 5, 4).await, (all[..7].to_vec(), 2));
    assert_eq!(paged(&scene, 4, 4).await, (Vec::new(), 1));
}

/// What is set and taken away between two pages neither repeats nor hides what was there all along.
pub async fn pages_of_timers_go_on_whatever_is_written(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let sleep = |number, seconds| timer(&row, number, TimerKind::Sleep, seconds);
    let all: Vec<_> = (1..=6).map(|number| sleep(number, 5)).collect();
    set(&mut scene, &row, &all).await;
    let until = START + Duration::from_secs(9);
    let first = scene.store.timers_due(&scene.units, until, None, 2);
    let first = first.await.unwrap();
    let mut write = TurnWrite::new(row.key, row.unit);
    write.timers_gone = vec![all[0].id.clone(), all[1].id.clone(), all[3].id.clone()];
    write.timers = vec![sleep(7, 4), sleep(8, 5)];
    scene.commit(&[write]).await;
    let rest = scene.store.timers_due(&scene.units, until, first.next, 9);
    let rest = rest.await.unwrap().timers.into_iter();
    let expected = [all[2].clone(), all[4].clone(), all[5].clone(), sleep(8, 5)];
    assert!(rest.map(|(_, timer)| timer).eq(expected));
}

/// The places before and behind a moment have its timers between them.
pub async fn places_lie_before_and_behind_a_moment(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let all: Vec<_> = (4..=6)
        .map(|at| timer(&row, at, TimerKind::Sleep, at.into()))
        .collect();
    set(&mut scene, &row, &all).await;
    let until = START + Duration::from_secs(9);
    for (place, expected) in [
        (TimerPlace::before(all[1].due), &all[1..]),
        (TimerPlace::behind(all[1].due), &all[2..]),
    ] {
        let page = scene.store.timers_due(&scene.units, until, Some(place), 9);
        let timers = page.await.unwrap().timers;
        let timers: Vec<_> = timers.into_iter().map(|(_, timer)| timer).collect();
        assert_eq!(timers, expected);
    }
}
