//! JSON as a tree in which numbers keep their digits, however many, and fields their order.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;

/// A value. `serde_json::Value` would round whole numbers of more than 64 bits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Text(String),
    /// As it was written.
    Number(String),
    /// `true`, `false` or `null`.
    Word(String),
}

impl Json {
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let text = text.trim();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Fields(fields) = serde_json::from_str(text)?;
                let fields = fields.into_iter();
                let fields = fields.map(|(name, raw)| Ok((name, Self::parse(raw.get())?)));
                Self::Object(fields.collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                let items = items.iter().map(|raw| Self::parse(raw.get()));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b'-' | b'0'..=b'9') => Self::Number(text.to_owned()),
            _ => Self::Word(text.to_owned()),
        })
    }

    /// The field of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => {
                let mut fields = fields.iter();
                fields.find_map(|(other, value)| (other == name).then_some(value))
            }
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values that it holds.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        let (fields, items): (&[_], &[_]) = match self {
            Self::Object(fields) => (fields, &[]),
            Self::Array(items) => (&[], items),
            _ => (&[], &[]),
        };
        fields.iter().map(|(_, value)| value).chain(items)
    }

    /// What it holds: items, or fields with their names.
    pub(super) fn parts(&mut self) -> Vec<(Option<&str>, &mut Self)> {
        match self {
            Self::Object(fields) => {
                let fields = fields.iter_mut();
                fields.map(|(name, value)| (Some(&**name), value)).collect()
            }
            Self::Array(items) => items.iter_mut().map(|item| (None, item)).collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::to_string(text).map_err(|_| fmt::Error);
        match self {
            Self::Object(fields) => {
                let mut comma = "{";
                for (name, value) in fields {
                    write!(f, "{comma}{}:{value}", quoted(name)?)?;
                    comma = ",";
                }
                f.write_str(if fields.is_empty() { "{}" } else { "}" })
            }
            Self::Array(items) => {
                let mut comma = "[";
                for item in items {
                    write!(f, "{comma}{item}")?;
                    comma = ",";
                }
                f.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Self::Text(text) => f.write_str(&quoted(text)?),
            Self::Number(text) | Self::Word(text) => f.write_str(text),
        }
    }
}

/// The fields of an object, in order.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
