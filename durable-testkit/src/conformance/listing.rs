//! Listing instances.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::commands::IfExists;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::commands::PageToken;
use durable_runtime::store::Created;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;

use super::scene::Scene;
use super::scene::new_instance;
use super::scene::parent_of;
use super::scene::payload;
use super::scene::turn;
use super::scene::update;

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
        ..InstanceFilter::default()
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
        InstanceStatus::ALL.len()
    );
    assert!(
        ids(&scene, &by(&[], Some("Greet")), None, 9)
            .await
            .0
            .is_empty()
    );
}

/// Tags, version, parent, custom status, times and id prefixes, each by itself and all together.
pub async fn lists_and_counts_agree_on_every_filter(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let parent = scene.greet("parent").await;
    let created = scene.now;
    scene.pass(Duration::from_secs(1));
    let mut new = new_instance("wanted 1");
    "7".clone_into(&mut new.version);
    new.tags = [("region", "eu"), ("tier", "\"gold\"")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    new.parent = Some(parent_of(&parent, 0));
    let wanted = scene.create(&new).await;
    let mut write = turn(&wanted, 1);
    let mut change = update(InstanceStatus::Running, wanted.execution);
    change.custom_status = Some(payload("packing"));
    write.update = Some(change);
    scene.commit(&[write]).await;
    scene.pass(Duration::from_secs(1));
    let mut other = new_instance("Wanted 2");
    other.tags = [("note".to_owned(), ",\"region\":\"eu\"".to_owned())].into();
    scene.create(&other).await;

    let any = InstanceFilter::default;
    let one_by_one = [
        InstanceFilter {
            version: Some("7".to_owned()),
            ..any()
        },
        InstanceFilter {
            id: Some(wanted.id.clone()),
            ..any()
        },
        InstanceFilter {
            id_prefix: Some("wanted".to_owned()),
            ..any()
        },
        InstanceFilter {
            tags: [("region".to_owned(), "eu".to_owned())].into(),
            ..any()
        },
        InstanceFilter {
            tags: new.tags.clone(),
            ..any()
        },
        InstanceFilter {
            parent: Some(parent.id.clone()),
            ..any()
        },
        InstanceFilter {
            custom_status: Some(payload("packing")),
            ..any()
        },
        InstanceFilter {
            created_from: Some(wanted.created_at),
            created_before: Some(scene.now),
            ..any()
        },
        InstanceFilter {
            updated_from: Some(wanted.created_at),
            updated_before: Some(scene.now),
            ..any()
        },
        InstanceFilter {
            statuses: vec![InstanceStatus::Running, InstanceStatus::Failed],
            name: Some(new.name.clone()),
            version: Some("7".to_owned()),
            id_prefix: Some("wanted".to_owned()),
            tags: new.tags.clone(),
            parent: Some(parent.id.clone()),
            custom_status: Some(payload("packing")),
            ..any()
        },
    ];
    for filter in one_by_one {
        let found = ids(&scene, &filter, None, 9).await.0;
        assert_eq!(found, ["wanted 1"], "{filter:?}");
        let count = scene.store.instances_count(&filter).await.unwrap();
        assert_eq!(count, 1, "{filter:?}");
    }
    let nobody = InstanceFilter {
        parent: Some(wanted.id.clone()),
        ..any()
    };
    assert_eq!(scene.store.instances_count(&nobody).await.unwrap(), 0);
    let old = InstanceFilter {
        created_before: Some(created),
        ..any()
    };
    assert_eq!(scene.store.instances_count(&old).await.unwrap(), 0);
    assert_eq!(scene.store.instances_count(&any()).await.unwrap(), 3);
}

/// The few that several things tell apart are found, however many have one of them.
pub async fn the_few_among_many_are_listed_and_counted(store: Arc<dyn Store>) {
    const MANY: u32 = 2_200;
    const BOTH: [u32; 3] = [0, 1_101, MANY - 1];
    let mut scene = Scene::new(store).await;
    let creator = scene.greet("creator").await;
    let mut write = turn(&creator, 1);
    for number in 0..MANY {
        let mut new = new_instance(&format!("part {number}"));
        "part".clone_into(&mut new.name);
        for (tag, has) in [("even", number % 2 == 0), ("odd", number % 2 == 1)] {
            if has || BOTH.contains(&number) {
                new.tags.insert(tag.to_owned(), "yes".to_owned());
            }
        }
        write.starts.push(new);
    }
    scene.commit(&[write]).await;
    let tags = ["even", "odd"].map(|tag| (tag.to_owned(), "yes".to_owned()));
    let by_tags = InstanceFilter {
        tags: tags.into(),
        ..InstanceFilter::default()
    };
    let by_name_too = InstanceFilter {
        name: Some("part".to_owned()),
        id_prefix: Some("part ".to_owned()),
        created_from: Some(scene.now),
        ..by_tags.clone()
    };
    for filter in [by_tags, by_name_too] {
        let (first, next) = ids(&scene, &filter, None, 2).await;
        assert_eq!(first, ["part 0", "part 1101"], "{filter:?}");
        let (rest, end) = ids(&scene, &filter, next, 2).await;
        assert_eq!((rest, end), (vec!["part 2199".to_owned()], None));
        assert_eq!(scene.store.instances_count(&filter).await.unwrap(), 3);
    }
    let all = InstanceFilter::default();
    let count = scene.store.instances_count(&all).await.unwrap();
    assert_eq!(count, u64::from(MANY) + 1);
}

/// A version is found under whatever name, by ascending key.
pub async fn a_version_is_listed_under_all_its_names(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for (id, name, version) in [
        ("a", "pack", "2"),
        ("b", "greet", "2"),
        ("c", "greet", "1"),
        ("d", "pack", "2"),
    ] {
        let mut new = new_instance(id);
        name.clone_into(&mut new.name);
        version.clone_into(&mut new.version);
        scene.create(&new).await;
    }
    let of_version = |name: Option<&str>| InstanceFilter {
        name: name.map(str::to_owned),
        version: Some("2".to_owned()),
        ..InstanceFilter::default()
    };
    assert_eq!(
        ids(&scene, &of_version(None), None, 9).await.0,
        ["a", "b", "d"]
    );
    let packs = of_version(Some("pack"));
    assert_eq!(ids(&scene, &packs, None, 9).await.0, ["a", "d"]);
    assert_eq!(scene.store.instances_count(&packs).await.unwrap(), 2);
}

/// The tags are those that show: of what is to replace another, the new ones.
pub async fn tags_are_found_as_they_show(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let tagged = |command: &str, tag: &str| {
        let mut new = new_instance("a");
        command.clone_into(&mut new.command);
        new.tags = [(tag.to_owned(), "yes".to_owned())].into();
        new
    };
    let found = async |tag: &str| {
        let filter = InstanceFilter {
            tags: [(tag.to_owned(), "yes".to_owned())].into(),
            ..InstanceFilter::default()
        };
        ids(&scene, &filter, None, 9).await.0
    };
    scene.create(&tagged("first", "old")).await;
    assert_eq!(found("old").await, ["a"]);
    let replace = IfExists::Replace(InstanceStatus::ALL.to_vec());
    let replacing = scene.create_if(&tagged("second", "new"), &replace).await;
    assert_eq!(replacing, Created::Replacing);
    assert_eq!(found("old").await, [""; 0]);
    assert_eq!(found("new").await, ["a"]);
}
