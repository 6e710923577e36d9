//! Whatever is accepted comes back as it was, floats bit by bit.

use std::collections::BTreeMap;
use std::sync::Arc;

use durable_runtime::Payload;
use durable_runtime::payload::Recorded;
use durable_runtime::prelude::*;
use durable_runtime::store::Store;
use durable_testkit::TestHub;
use serde::Deserialize;
use serde::Serialize;

use crate::random::Random;

/// Anything, nested. Printed, two values differ when one of their bits does.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Any {
    Unit,
    Double(f64),
    Single(f32),
    Signed(i64),
    Unsigned(u64),
    Wide(i128),
    Text(String),
    Sign(char),
    Bytes(Vec<u8>),
    Pair(Box<(Any, Any)>),
    List(Vec<Any>),
    Maybe(Option<Box<Any>>),
    Numbered(BTreeMap<i16, Any>),
    Named {
        of: BTreeMap<String, Any>,
        last: Option<bool>,
    },
}

fn double(random: &mut Random) -> f64 {
    loop {
        let double = match random.below(8) {
            0 => random.pick(&[0.0, -0.0, f64::MIN_POSITIVE, f64::MAX, 5e-324, -5e-324]),
            1 => f64::from_bits(random.bits() >> 12),
            2 => f64::from_bits(random.bits() >> 2 | 0x3fe0_0000_0000_0000),
            _ => f64::from_bits(random.bits()),
        };
        if double.is_finite() {
            return double;
        }
    }
}

fn single(random: &mut Random) -> f32 {
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
        let single = f32::from_bits(random.bits() as u32);
        if single.is_finite() {
            return single;
        }
    }
}

fn text(random: &mut Random) -> String {
    let signs = [
        '\0', '\u{7}', '\n', '"', '\\', '/', 'ä', '\u{2028}', '\u{ffff}', '😀', 'a',
    ];
    random
        .some(6, |random| random.pick(&signs))
        .into_iter()
        .collect()
}

fn any(random: &mut Random, depth: usize) -> Any {
    let kinds = if depth == 0 { 9 } else { 14 };
    match random.below(kinds) {
        0 => Any::Unit,
        1 => Any::Double(double(random)),
        2 => Any::Single(single(random)),
        3 => Any::Signed(random.bits().cast_signed()),
        4 => Any::Unsigned(random.bits()),
        5 => Any::Wide(i128::from(random.bits()) * i128::from(random.bits().cast_signed())),
        6 => Any::Text(text(random)),
        7 => Any::Sign(random.pick(&['\0', '"', 'é', '😀'])),
        8 => Any::Bytes(random.some(4, |random| random.bits().to_le_bytes()[0])),
        9 => Any::Pair(Box::new((any(random, depth - 1), any(random, depth - 1)))),
        10 => Any::List(random.some(4, |random| any(random, depth - 1))),
        11 => Any::Maybe(random.maybe(2, |random| Box::new(any(random, depth - 1)))),
        12 => Any::Numbered(
            random
                .some(3, |random| {
                    (
                        random.pick(&[i16::MIN, -1, 0, i16::MAX]),
                        any(random, depth - 1),
                    )
                })
                .into_iter()
                .collect(),
        ),
        _ => Any::Named {
            of: random
                .some(3, |random| (text(random), any(random, depth - 1)))
                .into_iter()
                .collect(),
            last: random.maybe(2, |random| random.once_in(2)),
        },
    }
}

#[test]
fn what_is_accepted_comes_back() {
    for seed in 1..=3_000 {
        let value = any(&mut Random::new(seed), 5);
        let recorded = value.to_payload().unwrap();
        let back: Any = recorded.decode().unwrap();
        assert_eq!(
            format!("{value:?}"),
            format!("{back:?}"),
            "seed {seed}: {recorded:?}"
        );
        let row = serde_json::to_string(&[&recorded]).unwrap();
        let read: Vec<Payload> = serde_json::from_str(&row).unwrap();
        assert_eq!(read, [recorded], "seed {seed}");
    }
}

#[test]
fn every_double_comes_back_bit_by_bit() {
    let mut random = Random::new(7);
    for _ in 0..50_000 {
        let (double, single) = (double(&mut random), single(&mut random));
        let back: f64 = double.to_payload().unwrap().decode().unwrap();
        assert_eq!(back.to_bits(), double.to_bits(), "{double:?}");
        let back: f32 = single.to_payload().unwrap().decode().unwrap();
        assert_eq!(back.to_bits(), single.to_bits(), "{single:?}");
    }
}

#[activity]
async fn same(value: Any) -> Any {
    value
}

#[derive(Default, Serialize, Deserialize)]
struct Last(Vec<Any>);

#[entity]
impl Last {
    fn keep(&mut self, value: Any) -> Any {
        self.0 = vec![value.clone()];
        value
    }

    #[read_only]
    fn get(&self) -> Vec<Any> {
        self.0.clone()
    }
}

#[orchestrator(status = Any)]
async fn pass_on(ctx: &OrchestrationContext, value: Any) -> Result<Vec<Any>, Failure> {
    ctx.set_status(value.clone());
    let value = same(value).await?;
    ctx.sleep(hours(1)).await;
    let value = Last::at("a").keep(value).await?;
    ctx.sleep(hours(1)).await;
    let value = ctx.side_effect(|| value).await;
    ctx.sleep(hours(1)).await;
    let mut kept = Last::at("a").get().await?;
    kept.push(value);
    Ok(kept)
}

/// Everything is read back from its rows: the hub crashes between any two waits.
async fn comes_back_from(store: Option<Arc<dyn Store>>) {
    let mut kit = TestHub::new()
        .register(pass_on)
        .register(same)
        .register_entity::<Last>();
    if let Some(store) = store {
        kit = kit.store(store);
    }
    for seed in 1..=40 {
        let value = any(&mut Random::new(seed), 5);
        let passing = kit.start(pass_on(value.clone())).await;
        for _ in 0..3 {
            kit.settle().await;
            kit.crash().await;
            kit.advance(hours(1)).await;
        }
        kit.crash().await;
        let expected = format!("{:?}", [&value, &value]);
        assert_eq!(
            format!("{:?}", passing.result().await.unwrap()),
            expected,
            "seed {seed}"
        );
        let status = passing.status().await.custom_status().cloned();
        assert_eq!(
            format!("{status:?}"),
            format!("{:?}", Some(&value)),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn what_is_accepted_comes_back_from_the_rows_of_the_model() {
    comes_back_from(None).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn what_is_accepted_comes_back_from_the_rows_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    let store = durable_runtime::store::SqlStore::open_sqlite(&file, "hub").await;
    comes_back_from(Some(Arc::new(store.unwrap()))).await;
}
