//! A value of each kind that would not come back.

use std::collections::BTreeMap;
use std::collections::HashMap;

use durable_runtime::Failure;
use durable_runtime::prelude::Event;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Clone, Default, Event, Serialize, Deserialize)]
pub(super) struct Order {
    items: Vec<Item>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::option_option, reason = "this is what JSON cannot tell apart")]
enum Item {
    Fine(u8),
    Price(f64),
    Weight { kilograms: f32 },
    Tree(Tree),
    Checked(Option<()>),
    Discount(Option<Option<u8>>),
    Amount(Amount),
    Stock(Stock),
    Labels(Labels),
    Ratings(HashMap<String, (f64, f64)>),
    Either(Either),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tree {
    children: Vec<Tree>,
}

/// serde reads what is tagged through a buffer that has no `u128`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Amount {
    Exact { wei: u128 },
}

/// In that buffer keys are text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Stock {
    ByShelf { shelves: BTreeMap<u32, u32> },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Labels {
    name: String,
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

/// The `f32` below is read as an `f64` first, and rounded twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(f32),
}

fn tree(depth: usize) -> Tree {
    (0..depth).fold(Tree { children: vec![] }, |below, _| Tree {
        children: vec![below],
    })
}

/// The item, where the problem is, and how it is told.
fn kinds() -> Vec<(Item, &'static str, &'static str)> {
    let clash = BTreeMap::from([("name".to_owned(), "again".to_owned())]);
    let ratings = HashMap::from([("by me".to_owned(), (1.0, f64::NEG_INFINITY))]);
    vec![
        (Item::Price(f64::NAN), ".Price", "NaN has no JSON form"),
        (
            Item::Price(f64::INFINITY),
            ".Price",
            "infinity has no JSON form",
        ),
        (
            Item::Weight {
                kilograms: f32::NAN,
            },
            ".Weight.kilograms",
            "NaN has no JSON form",
        ),
        (
            Item::Ratings(ratings),
            ".Ratings[\"by me\"].1",
            "infinity has no JSON form",
        ),
        (
            Item::Tree(tree(100)),
            ".Tree.children[0]",
            "nested more than 112 deep",
        ),
        (
            Item::Checked(Some(())),
            ".Checked",
            "would be read as `None`",
        ),
        (
            Item::Discount(Some(None)),
            ".Discount",
            "would be read as `None`",
        ),
        (
            Item::Amount(Amount::Exact { wei: u128::MAX }),
            ".Amount.wei",
            "which its type does not read back",
        ),
        (
            Item::Stock(Stock::ByShelf {
                shelves: BTreeMap::from([(7, 1)]),
            }),
            ".Stock.shelves",
            "which its type does not read back",
        ),
        (
            Item::Labels(Labels {
                name: "ball".to_owned(),
                others: clash,
            }),
            ".Labels.name",
            "would stand twice",
        ),
        (
            Item::Either(Either::Number(7.038_531e-26)),
            ".Either",
            "would come back as",
        ),
    ]
}

/// How many kinds there are.
pub(super) fn count() -> usize {
    kinds().len()
}

/// An order that would not come back.
pub(super) fn order(kind: usize) -> Order {
    let (item, ..) = kinds().swap_remove(kind);
    Order {
        items: vec![Item::Fine(0), item],
    }
}

/// Asserts that this is what is said of the order.
pub(super) fn assert_told(kind: usize, failure: &Failure) {
    let (item, path, cause) = kinds().swap_remove(kind);
    let Failure::Codec(error) = failure else {
        panic!("{item:?}: {failure:?}");
    };
    let path = format!("items[1]{path}");
    let is_there = error.path().is_some_and(|told| told.contains(&path));
    assert!(is_there, "{item:?}: {error}");
    assert!(error.to_string().contains(cause), "{item:?}: {error}");
}
