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
    /// [`CodecError`] when `value` has no JSON form (an infinite number, a map with keys that are not
    /// text), or one that nothing reads back. Whether its own type does, only
    /// [`Recorded::to_payload`](super::Recorded::to_payload) can see.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, CodecError> {
        let written = write(value, 0).map_err(CodecError::refused::<T>)?;
        Ok(Self::of_json(written.text))
    }

    /// Takes text that is JSON already.
    ///
    /// # Errors
    /// [`CodecError`] when it is not JSON, or nested too deep.
    pub fn from_json(text: &str) -> Result<Self, CodecError> {
        let unread = |cause: &dyn fmt::Display| CodecError::new("read", "JSON", cause);
        let raw: &RawValue = serde_json::from_str(text).map_err(|source| unread(&source))?;
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

    /// Reads the value back.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes are not a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        serde_json::from_str(&self.text)
            .map_err(|error| CodecError::unread::<T>(&self.text, &error))
    }

    /// The codec number.
    pub fn codec(&self) -> u8 {
        self.codec
    }

    /// The recorded text.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// How many bytes are recorded.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing is recorded (never true of JSON).
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A hash of the recorded bytes.
    pub fn hash64(&self) -> u64 {
        crate::ids::fnv1a64(self.text.as_bytes())
    }

    /// Whether both hold the same JSON value, whatever the order of keys.
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
