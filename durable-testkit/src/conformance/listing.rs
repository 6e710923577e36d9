//! Listing instances.

use std::sync::Arc;

use durable_runtime::store::Store;
use durable_runtime::work::InstanceFilter;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::PageToken;

use super::scene::Scene;
use super::scene::new_instance;

async fn ids(
    scene: &Scene,
    filter: &InstanceFilter,
    after: Option<PageToken>,
    limit: u32,
) -> (Vec<String>, Option<PageToken>) {
    let page = scene
        .store
        .instances_list(filter, after, limit)
        .await
        .unwrap();
    let ids = page.instances.iter().map(|row| row.id.to_string());
    (ids.collect(), page.next)
}

/// Pages in order of creation; the last one names no next.
pub async fn pages_come_in_order_of_creation(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for id in ["e", "d", "c", "b", "a"] {
        scene.greet(id).await;
    }
    let all = InstanceFilter::default();
    let (first, next) = ids(&scene, &all, None, 2).await;
    let (second, then) = ids(&scene, &all, next, 2).await;
    let (third, end) = ids(&scene, &all, then, 2).await;
    assert_eq!(
        (first, second, third),
        (
            vec!["e".to_owned(), "d".to_owned()],
            vec!["c".to_owned(), "b".to_owned()],
            vec!["a".to_owned()],
        )
    );
    assert!(end.is_none());
    assert!(ids(&scene, &all, None, 5).await.1.is_none());
    assert_eq!(ids(&scene, &all, None, 0).await.0, ["e"]);
}

/// What is created or changed between two pages makes none of the others appear twice or never.
pub async fn pages_neither_skip_nor_repeat_under_writes(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let mut expected = Vec::new();
    for number in 0..10 {
        expected.push(
            scene
                .greet(&format!("before {number}"))
                .await
                .id
                .to_string(),
        );
    }
    let all = InstanceFilter::default();
    let (mut seen, mut after) = (Vec::new(), None);
    for round in 0.. {
        let (page, next) = ids(&scene, &all, after, 3).await;
        seen.extend(page);
        after = next;
        if after.is_none() {
            break;
        }
        if round < 2 {
            let row = scene.greet(&format!("during {round}")).await;
            expected.push(row.id.to_string());
            scene.end(&row, InstanceStatus::Completed).await;
        }
    }
    assert_eq!(seen, expected);
}

/// Filters by any of several statuses, by name, by both.
pub async fn filters_narrow_the_list(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    for status in InstanceStatus::ALL {
        for name in ["greet", "part"] {
            let mut new = new_instance(&format!("{name} {status}"));
            name.clone_into(&mut new.name);
            let row = scene.create(&new).await;
            scene.end(&row, status).await;
        }
    }
    let by = |statuses: &[InstanceStatus], name: Option<&str>| InstanceFilter {
        statuses: statuses.to_vec(),
        name: name.map(str::to_owned),
    };
    let (failed, stalled) = (InstanceStatus::Failed, InstanceStatus::Stalled);
    let found = ids(&scene, &by(&[failed], None), None, 9).await.0;
    assert_eq!(found, ["greet Failed", "part Failed"]);
    let found = ids(
        &scene,
        &by(&[failed, stalled, failed], Some("part")),
        None,
        9,
    )
    .await
    .0;
    assert_eq!(found, ["part Stalled", "part Failed"]);
    let found = ids(&scene, &by(&[failed, stalled], None), None, 3).await;
    assert_eq!(found.0, ["greet Stalled", "part Stalled", "greet Failed"]);
    let rest = ids(&scene, &by(&[failed, stalled], None), found.1, 3).await;
    assert_eq!(rest, (vec!["part Failed".to_owned()], None));
    assert_eq!(
        ids(&scene, &by(&[], Some("greet")), None, 9).await.0.len(),
        6
    );
    assert!(
        ids(&scene, &by(&[], Some("Greet")), None, 9)
            .await
            .0
            .is_empty()
    );
}
