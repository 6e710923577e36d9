//! A recorded value.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::CodecError;
use super::checked::write;
use super::nesting::MAX_NESTING;
use super::nesting::nesting;
use super::nesting::too_deep;
use super::same::Arrays;
use super::same::is_same;

/// The codec number of JSON.
pub const JSON: u8 = 0;

/// A recorded value: its codec and its bytes. Cloning is cheap.
///
/// ```
/// use durable_runtime::Payload;
///
/// let payload = Payload::encode(&vec![1, 2]).unwrap();
/// assert_eq!(payload.as_text(), "[1,2]");
/// assert_eq!(payload.decode::<Vec<u8>>().unwrap(), [1, 2]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Payload {
    codec: u8,
    text: Arc<str>,
}

impl Payload {
    /// Records `value` as JSON.
    ///
    /// # Errors
    /// [`CodecError`] if `value` has no JSON form (an infinite number, a map with keys that are not
    /// text), or one that no type could read. Whether its own type can read it, only
    /// [`Recorded::to_payload`](super::Recorded::to_payload) checks.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, CodecError> {
        let written = write(value, 0).map_err(CodecError::refused::<T>)?;
        Ok(Self::of_json(written.text))
    }

    /// Takes text that is already JSON.
    ///
    /// # Errors
    /// [`CodecError`] if it is not JSON, or is nested too deep.
    pub fn from_json(text: &str) -> Result<Self, CodecError> {
        let unread = |cause: &dyn fmt::Display| CodecError::new("read", "JSON", cause);
        let raw: &RawValue = serde_json::from_str(text).map_err(|source| unread(&source))?;
        // Text from outside, which no serializer has looked at.
        if nesting(raw.get()) > MAX_NESTING {
            return Err(unread(&too_deep()));
        }
        Ok(Self::of_json(raw.get()))
    }

    /// What was checked to be JSON.
    pub(super) fn of_json(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self { codec: JSON, text }
    }

    /// The values as one array.
    pub(super) fn array(values: &[Self]) -> Self {
        let items: Vec<&str> = values.iter().map(Self::as_text).collect();
        Self::of_json(format!("[{}]", items.join(",")))
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// [`CodecError`] if the bytes do not decode as a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        serde_json::from_str(&self.text)
            .map_err(|error| CodecError::unread::<T>(&self.text, &error))
    }

    /// Returns the codec number.
    pub fn codec(&self) -> u8 {
        self.codec
    }

    /// Returns the recorded text.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// Returns the number of recorded bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns whether there are no recorded bytes (never true of JSON).
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns a hash of the recorded bytes.
    pub fn hash64(&self) -> u64 {
        crate::ids::fnv1a64(self.text.as_bytes())
    }

    /// Returns whether both hold the same JSON value, in any order of keys.
    pub fn same_value(&self, other: &Self) -> bool {
        is_same(&self.text, &other.text, Arrays::Ordered)
    }

    /// Whether both hold the same value, the order in arrays left aside: a set is recorded as an
    /// array, in an order that differs from process to process.
    pub(crate) fn same_but_for_order(&self, other: &Self) -> bool {
        is_same(&self.text, &other.text, Arrays::Unordered)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({})", self.text)
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As it is, and not as a value: numbers keep their digits and objects their order.
        let raw: &RawValue = serde_json::from_str(&self.text).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self::of_json(raw.get()))
    }
}
