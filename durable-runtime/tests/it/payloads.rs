//! What a value must be to be recorded.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use durable_runtime::Payload;
use durable_runtime::payload::Arguments;
use durable_runtime::payload::MAX_NESTING;
use durable_runtime::payload::Recorded;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested(Vec<Nested>);

fn nested(depth: usize) -> Nested {
    (1..depth).fold(Nested(vec![]), |below, _| Nested(vec![below]))
}

/// What `refused` says after the type's name.
fn said<T: Recorded>(value: &T) -> String {
    let said = value
        .to_payload()
        .map_or_else(|e| e.to_string(), |p| format!("{p:?}"));
    said.split_once("`: ")
        .map_or(said.clone(), |(_, said)| said.to_owned())
}

#[test]
fn values_are_nested_as_deep_as_all_readers_read_them() {
    for depth in [MAX_NESTING - 1, MAX_NESTING] {
        let recorded = nested(depth).to_payload().unwrap();
        assert_eq!(recorded.decode::<Nested>().unwrap(), nested(depth));
        assert_eq!(Payload::from_json(recorded.as_text()).unwrap(), recorded);
        assert_eq!(Payload::encode(&nested(depth)).unwrap(), recorded);
        // As a reader sees it that knows nothing of payloads, in a file of saved histories.
        let around = format!("{}{}{}", "[".repeat(15), recorded.as_text(), "]".repeat(15));
        let _: serde_json::Value = serde_json::from_str(&around).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&format!("[{around}]")).is_ok(),
            depth < MAX_NESTING
        );
    }
    let deeper = nested(MAX_NESTING + 1);
    assert!(
        said(&deeper).ends_with("nested more than 112 deep"),
        "{}",
        said(&deeper)
    );
    assert!(Payload::encode(&deeper).is_err());
    let text = serde_json::to_string(&deeper).unwrap();
    assert!(Payload::from_json(&text).is_err());
    let raw: Box<serde_json::value::RawValue> = serde_json::from_str(&text).unwrap();
    assert!(raw.to_payload().is_err());
}

#[test]
fn the_array_of_several_arguments_is_one_level() {
    assert!((nested(MAX_NESTING),).encode().is_ok());
    assert!((nested(MAX_NESTING - 1), 1).encode().is_ok());
    let refused = (1, nested(MAX_NESTING)).encode().unwrap_err().to_string();
    assert!(refused.contains("(argument 2)"), "{refused}");
}

#[test]
fn what_is_too_deep_for_the_stack_is_refused_before_it_gets_there() {
    let mut endless = nested(200_000);
    assert!(endless.to_payload().is_err());
    // Taken apart by hand: to drop it as a whole takes as much stack.
    while let Some(below) = endless.0.pop() {
        endless = below;
    }
}

#[test]
fn a_null_in_a_some_is_refused_and_alone_it_is_taken() {
    #[derive(Serialize, Deserialize)]
    struct Unit;
    #[derive(Serialize, Deserialize)]
    struct New<T>(T);
    assert_eq!(said(&()), "Payload(null)");
    assert_eq!(said(&None::<u8>), "Payload(null)");
    assert_eq!(said(&Unit), "Payload(null)");
    assert_eq!(said(&Some(Some(1))), "Payload(1)");
    assert_eq!(said(&Some(vec![()])), "Payload([null])");
    let refused = "a `Some` of what JSON writes as `null` would be read as `None`";
    assert_eq!(said(&Some(())), refused);
    assert_eq!(said(&Some(Unit)), refused);
    assert_eq!(said(&Some(New(New(Unit)))), refused);
    assert_eq!(said(&Some(None::<u8>)), refused);
    assert_eq!(said(&Some(New(Some(None::<u8>)))), refused);
    assert_eq!(said(&Some(serde_json::Value::Null)), refused);
    assert_eq!(said(&Some(Payload::from_json("null").unwrap())), refused);
    assert_eq!(said(&(1, Some(()))), format!("1: {refused}"));
}

#[test]
fn a_recorded_null_can_be_told_from_nothing() {
    #[derive(Serialize, Deserialize)]
    struct Input {
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "durable_runtime::payload::optional"
        )]
        value: Option<Payload>,
    }
    let null = Input {
        value: Some(Payload::from_json("null").unwrap()),
    };
    assert_eq!(said(&null), r#"Payload({"value":null})"#);
    assert_eq!(said(&Input { value: None }), "Payload({})");
}

#[test]
fn wide_numbers_and_keys_that_are_not_text_are_taken_where_they_come_back() {
    let wide = (u128::MAX, i128::MIN, u64::MAX, i64::MIN);
    assert_eq!(
        wide.to_payload()
            .unwrap()
            .decode::<(u128, i128, u64, i64)>()
            .unwrap(),
        wide
    );
    let keys = HashMap::from([(-1, 'a'), (2, 'b'), (3, 'c')]);
    assert_eq!(
        keys.to_payload()
            .unwrap()
            .decode::<HashMap<i8, char>>()
            .unwrap(),
        keys
    );
    let keys = BTreeMap::from([((1, 2), 3)]);
    assert!(
        said(&keys).ends_with("key must be a string"),
        "{}",
        said(&keys)
    );
}

#[test]
fn sets_come_back_in_any_order() {
    let set: HashSet<u32> = (0..100).collect();
    assert!(set.to_payload().is_ok());
    let map: HashMap<u32, HashSet<u32>> = (0..20).map(|n| (n, (0..n).collect())).collect();
    assert!(map.to_payload().is_ok());
}

#[test]
fn the_same_value_is_told_digit_by_digit() {
    let same = |a: &str, b: &str| {
        let payload = |text| Payload::from_json(text).unwrap();
        payload(a).same_value(&payload(b))
    };
    assert!(same(r#"{"a":1,"b":[1.50]}"#, r#"{ "b": [1.5], "a": 1 }"#));
    assert!(same(r#""\u0041""#, r#""A""#));
    assert!(!same("[1,2]", "[2,1]"));
    assert!(!same("1", "1.0"));
    assert!(!same("-0.0", "0.0"));
    assert!(!same(&u128::MAX.to_string(), &(u128::MAX - 1).to_string()));
}

#[derive(Debug, Serialize, Deserialize)]
struct LeavesOut {
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Passes {
    #[serde(skip)]
    cached: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Computed {
    width: u32,
    #[serde(skip_deserializing)]
    area: u32,
}

#[test]
fn what_its_type_does_not_read_back_is_refused_in_debug_builds() {
    let note = String::new();
    assert!(said(&LeavesOut { note }).contains("missing field `note`"));
    let area = Computed { width: 2, area: 4 };
    assert_eq!(said(&vec![area]), "[0].area: 4 would come back as 0");
    let passes = Passes {
        cached: 1,
        list: vec![],
    };
    assert_eq!(passes.cached, 1);
    assert_eq!(said(&passes), "Payload({})");
}

thread_local! {
    static READ: Cell<u32> = const { Cell::new(0) };
}

/// Says how often it was read, and there is no doubt about it.
#[derive(Debug, Serialize)]
struct Plain(u64);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ.set(READ.get() + 1);
        u64::deserialize(deserializer).map(Self)
    }
}

/// Says how often it was read.
#[derive(Debug, Serialize)]
struct Counted(u128);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ.set(READ.get() + 1);
        u128::deserialize(deserializer).map(Self)
    }
}

#[test]
fn a_value_is_read_back_once_where_there_is_doubt() {
    let counted = |value: u128| {
        READ.set(0);
        assert!(Counted(value).to_payload().is_ok());
        READ.get()
    };
    assert_eq!(counted(u128::MAX), 1);
    assert_eq!(counted(1), 1);
    READ.set(0);
    assert!(Plain(1).to_payload().is_ok());
    assert_eq!(READ.get(), u32::from(cfg!(debug_assertions)));
}

#[test]
fn a_number_of_128_bits_that_its_type_does_not_read_is_refused_however_small_it_is() {
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Number { number: u128 },
    }
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Whole(i128),
        Float(f64),
    }
    let refused = said(&Tagged::Number { number: 7 });
    assert!(
        refused.starts_with(
            "number: a whole number of a type of 128 bits, which its type does not read back"
        ),
        "{refused}"
    );
    assert!(said(&Untagged::Float(7.0)).starts_with("Payload"));
    let refused = said(&Untagged::Whole(7));
    assert_eq!(refused, "7 would come back as 7.0");
}

#[derive(Debug, Deserialize, Serialize)]
struct Basket {
    lines: Vec<BasketLine>,
    #[serde(default)]
    notes: BTreeMap<String, Note>,
}

#[derive(Debug, Deserialize, Serialize)]
struct BasketLine {
    pieces: u32,
}

#[derive(Debug, Deserialize, Serialize)]
enum Note {
    Gift { to: String },
}

#[test]
fn what_is_recorded_and_not_read_back_is_told_with_its_place() {
    for (recorded, path, says) in [
        (
            r#"{"lines":[{"pieces":1},{"pieces":"two"}]}"#,
            Some("lines[1].pieces"),
            "invalid type: string \"two\", expected u32",
        ),
        (
            r#"{"lines":[{}]}"#,
            Some("lines[0]"),
            "missing field `pieces`",
        ),
        (
            r#"{"lines":[],"notes":{"for ada":{"Gift":{"to":7}}}}"#,
            Some("notes[\"for ada\"].Gift.to"),
            "invalid type: integer `7`, expected a string",
        ),
        ("[1,2,3]", Some("[0]"), "expected a sequence"),
        ("true", None, "expected struct Basket"),
    ] {
        let error = Payload::from_json(recorded).unwrap().decode::<Basket>();
        let error = error.unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        assert!(error.to_string().ends_with(says), "{error}");
    }
    let error = <(u32, Basket)>::decode(Some(&Payload::from_json("[1,{}]").unwrap()));
    let said = error.unwrap_err().to_string();
    assert!(
        said.ends_with(" (argument 2): missing field `lines`"),
        "{said}"
    );
}

#[test]
fn a_mistake_is_told_in_few_words_however_large_the_value_is() {
    let recorded = format!(r#"{{"{0}":"{0}"}}"#, "x".repeat(1 << 20));
    let recorded = Payload::from_json(&recorded).unwrap();
    let error = recorded.decode::<BTreeMap<String, u32>>().unwrap_err();
    assert!(
        error.to_string().len() < 2_000,
        "{}",
        error.to_string().len()
    );
}
