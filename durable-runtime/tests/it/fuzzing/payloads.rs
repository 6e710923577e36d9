//! Values that are recorded.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use arbitrary::Arbitrary;
use arbitrary::Unstructured;
use durable_runtime::Payload;
use durable_runtime::payload::Arguments;
use durable_runtime::payload::Recorded;
use serde::Deserialize;
use serde::Serialize;

/// Takes the bytes for JSON, and for values of types that serde writes in all the ways it has.
pub(crate) fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        json(text);
    }
    let mut bytes = Unstructured::new(input);
    while !bytes.is_empty() {
        let Ok(value) = Value::arbitrary(&mut bytes) else {
            break;
        };
        comes_back(&value);
        several(&value, bytes.len());
    }
}

/// JSON from outside is kept as it is.
fn json(text: &str) {
    let Ok(payload) = Payload::from_json(text) else {
        return;
    };
    assert_eq!(
        payload.as_text(),
        text.trim_matches([' ', '\t', '\r', '\n'])
    );
    assert!(payload.same_value(&payload));
    let stored = serde_json::to_string(&vec![&payload]).unwrap();
    let read: Vec<Payload> = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, std::slice::from_ref(&payload));
    if let Ok(value) = payload.decode::<serde_json::Value>() {
        comes_back(&value);
    }
    if let Ok(value) = payload.decode::<Value>() {
        comes_back(&value);
    }
}

/// `Debug` tells all floats from each other, whatever `==` says of zeros.
fn comes_back<T: Recorded + Debug>(value: &T) {
    let Ok(recorded) = value.to_payload() else {
        return;
    };
    let back = T::from_payload(&recorded).unwrap();
    assert_eq!(format!("{back:?}"), format!("{value:?}"));
    assert_eq!(Payload::from_json(recorded.as_text()).unwrap(), recorded);
    assert!(back.to_payload().unwrap().same_value(&recorded));
}

/// As one of several arguments.
fn several(value: &Value, number: usize) {
    let arguments = (value.clone(), number);
    if let Ok(recorded) = arguments.encode() {
        let back = <(Value, usize)>::decode(recorded.as_ref()).unwrap();
        assert_eq!(format!("{back:?}"), format!("{arguments:?}"));
    }
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
enum Value {
    Plain(Plain),
    Wide(u128, i128),
    Keys(Keys),
    Options(Options),
    Tagged(Vec<Tagged>),
    Adjacent(Vec<Adjacent>),
    Untagged(Vec<Untagged>),
    Flattened(Flattened),
    Deep(Box<Deep>),
    Texts(String, char, Vec<String>),
    Times(Duration, Result<u8, String>),
    Unit(Unit, (), Renamed),
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
struct Plain {
    flag: bool,
    small: i8,
    whole: u64,
    signed: i64,
    single: f32,
    double: f64,
    doubles: Vec<f64>,
    singles: (f32, f32),
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
struct Keys {
    text: BTreeMap<String, u8>,
    numbers: BTreeMap<i64, u8>,
    wide: BTreeMap<u128, u8>,
    flags: BTreeMap<bool, u8>,
    chars: BTreeMap<char, u8>,
    names: BTreeMap<Name, u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Arbitrary, Serialize, Deserialize)]
enum Name {
    First,
    #[serde(rename = "null")]
    Second,
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
struct Options {
    number: Option<u32>,
    unit: Option<()>,
    #[expect(clippy::option_option, reason = "it is what is looked for")]
    nested: Option<Option<u8>>,
    list: Option<Vec<Option<f64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
    #[serde(default)]
    boxed: Option<Box<Options>>,
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Unit,
    Number {
        single: f32,
        double: f64,
        wide: u128,
        small: i64,
    },
    Map(BTreeMap<String, f64>),
    Plain(Plain),
    Options(Options),
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    Unit,
    Number(f32),
    Several(f64, Option<u8>),
    Keys(Keys),
}

/// No text of one form is one of another.
#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Nothing,
    Flag(bool),
    Wide(i128),
    Double(f64),
    Text(String),
    List(Vec<Untagged>),
    Named { name: String, number: Option<f32> },
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
struct Flattened {
    id: u64,
    #[serde(flatten)]
    part: Part,
    #[serde(flatten)]
    rest: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
struct Part {
    single: f32,
    keys: BTreeMap<i32, u8>,
    option: Option<u64>,
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
enum Deep {
    End,
    List(Vec<Deep>),
    Pair(Box<(Deep, Deep)>),
    Field { below: Option<Box<Deep>> },
}

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, Arbitrary, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Renamed {
    first_field: i16,
    #[serde(rename = "")]
    empty: u16,
}
