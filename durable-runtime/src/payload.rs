//! Values as they are recorded.
//!
//! What user code sees is always decoded from recorded bytes, so that a live run and a replay see
//! the same.

use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

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
    /// [`CodecError`] when `value` has no JSON form (a map with keys that are not text, say).
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, CodecError> {
        match serde_json::to_string(value) {
            Ok(text) => Ok(Self {
                codec: JSON,
                text: text.into(),
            }),
            Err(source) => Err(CodecError::new("encode", type_name::<T>(), &source)),
        }
    }

    /// Takes text that is JSON already.
    ///
    /// # Errors
    /// [`CodecError`] when it is not JSON.
    pub fn from_json(text: &str) -> Result<Self, CodecError> {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => Ok(Self {
                codec: JSON,
                text: raw.get().into(),
            }),
            Err(source) => Err(CodecError::new("read", "JSON", &source)),
        }
    }

    /// The values as one array.
    fn array(values: &[Self]) -> Self {
        let items: Vec<&str> = values.iter().map(Self::as_text).collect();
        Self {
            codec: JSON,
            text: format!("[{}]", items.join(",")).into(),
        }
    }

    /// Reads the value back.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes are not a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        serde_json::from_str(&self.text)
            .map_err(|source| CodecError::new("decode", type_name::<T>(), &source))
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
        let value = |payload: &Self| serde_json::from_str::<serde_json::Value>(&payload.text).ok();
        self == other || (value(self).is_some() && value(self) == value(other))
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
        Ok(Self {
            codec: JSON,
            text: raw.get().into(),
        })
    }
}

/// Serde for `Option<Payload>` that tells an absent value from a recorded `null`.
///
/// Use with `#[serde(default, skip_serializing_if = "Option::is_none", with = "payload::optional")]`.
pub mod optional {
    use super::Deserialize;
    use super::Deserializer;
    use super::Payload;
    use super::Serialize;
    use super::Serializer;

    /// Writes the payload; an absent one is to be skipped by the field.
    #[expect(clippy::missing_errors_doc, reason = "the form serde asks for")]
    pub fn serialize<S: Serializer>(
        payload: &Option<Payload>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        payload.serialize(serializer)
    }

    /// Reads a payload that is there, `null` included.
    #[expect(clippy::missing_errors_doc, reason = "the form serde asks for")]
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Payload>, D::Error> {
        Payload::deserialize(deserializer).map(Some)
    }
}

/// A value that could not be written to, or read from, its recorded form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("failed to {action} `{type_name}`: {cause}")]
pub struct CodecError {
    action: String,
    type_name: String,
    cause: String,
}

impl CodecError {
    fn new(action: &str, type_name: &str, cause: &dyn fmt::Display) -> Self {
        Self {
            action: action.to_owned(),
            type_name: type_name.to_owned(),
            cause: cause.to_string(),
        }
    }

    /// An error about arguments that are missing or too many.
    pub(crate) fn arguments(type_name: &str, cause: &str) -> Self {
        Self::new("decode", type_name, &cause)
    }
}

/// A value that can be recorded in a history and read back. Implemented for every type that derives
/// serde's two traits and owns what it holds.
///
/// It is no shorthand for those bounds: with them as supertraits the compiler would report each by
/// itself, and this trait's own message never.
///
/// ```
/// use durable_runtime::payload::Recorded;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Receipt {
///     cents: u64,
/// }
///
/// assert_eq!(Receipt { cents: 100 }.to_payload().unwrap().as_text(), r#"{"cents":100}"#);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded in a history",
    label = "not `Serialize + DeserializeOwned + Send + 'static`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, and let it own what it holds [D025]"
)]
pub trait Recorded: Sized + Send + 'static {
    /// Records the value.
    ///
    /// # Errors
    /// [`CodecError`] when it has no recorded form.
    fn to_payload(&self) -> Result<Payload, CodecError>;

    /// Reads a value back.
    ///
    /// # Errors
    /// [`CodecError`] when what is recorded is no such value.
    fn from_payload(recorded: &Payload) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Recorded for T {
    fn to_payload(&self) -> Result<Payload, CodecError> {
        Payload::encode(self)
    }

    fn from_payload(recorded: &Payload) -> Result<Self, CodecError> {
        recorded.decode()
    }
}

/// The arguments of an activity or orchestrator as one recorded value: nothing for none, the value
/// itself for one, an array for several.
pub trait Arguments: Sized + Send + 'static {
    /// Records the arguments.
    ///
    /// # Errors
    /// [`CodecError`] when one of them has no recorded form.
    fn encode(&self) -> Result<Option<Payload>, CodecError>;

    /// Reads the arguments back.
    ///
    /// # Errors
    /// [`CodecError`] when what is recorded are not these arguments.
    fn decode(recorded: Option<&Payload>) -> Result<Self, CodecError>;
}

impl Arguments for () {
    fn encode(&self) -> Result<Option<Payload>, CodecError> {
        Ok(None)
    }

    /// Whatever is recorded is ignored: a function that takes nothing can be started with anything.
    fn decode(_recorded: Option<&Payload>) -> Result<Self, CodecError> {
        Ok(())
    }
}

impl<A: Recorded> Arguments for (A,) {
    fn encode(&self) -> Result<Option<Payload>, CodecError> {
        self.0.to_payload().map(Some)
    }

    fn decode(recorded: Option<&Payload>) -> Result<Self, CodecError> {
        match recorded {
            Some(payload) => A::from_payload(payload).map(|value| (value,)),
            // An absent input is `None` for an optional argument and an error for any other.
            None => Payload::from_json("null")
                .and_then(|null| A::from_payload(&null))
                .map(|value| (value,))
                .map_err(|_| CodecError::arguments(type_name::<A>(), "the input is absent")),
        }
    }
}

macro_rules! arguments_of_tuple {
    ($($name:ident),+) => {
        impl<$($name: Recorded),+> Arguments for ($($name,)+) {
            fn encode(&self) -> Result<Option<Payload>, CodecError> {
                #[expect(non_snake_case, reason = "a value is named after its type's parameter")]
                let ($($name,)+) = self;
                Ok(Some(Payload::array(&[$($name.to_payload()?),+])))
            }

            fn decode(recorded: Option<&Payload>) -> Result<Self, CodecError> {
                let absent = || CodecError::arguments(type_name::<Self>(), "the input is absent");
                let mut values = recorded.ok_or_else(absent)?.decode::<Vec<Payload>>()?.into_iter();
                let arguments = ($(next_argument::<$name>(&mut values)?,)+);
                match values.next() {
                    Some(_) => Err(CodecError::arguments(type_name::<Self>(), "there are too many")),
                    None => Ok(arguments),
                }
            }
        }
    };
}

fn next_argument<T: Recorded>(values: &mut impl Iterator<Item = Payload>) -> Result<T, CodecError> {
    let value = values.next();
    let value = value.ok_or_else(|| CodecError::arguments(type_name::<T>(), "it is missing"))?;
    T::from_payload(&value)
}

arguments_of_tuple!(A, B);
arguments_of_tuple!(A, B, C);
arguments_of_tuple!(A, B, C, D);
arguments_of_tuple!(A, B, C, D, E);
arguments_of_tuple!(A, B, C, D, E, F);
arguments_of_tuple!(A, B, C, D, E, F, G);
arguments_of_tuple!(A, B, C, D, E, F, G, H);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I, J);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I, J, K);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I, J, K, L);
