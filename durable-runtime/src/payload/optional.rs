//! Serde for `Option<Payload>` that distinguishes an absent value from a recorded `null`.
//!
//! Use with `#[serde(default, skip_serializing_if = "Option::is_none", with = "payload::optional")]`.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use super::Payload;

/// Writes the payload; the field must skip an absent one.
#[expect(clippy::missing_errors_doc, reason = "the form serde asks for")]
pub fn serialize<S: Serializer>(
    payload: &Option<Payload>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match payload {
        // Not as `Some`: that would be refused for a `null`, which no other reader tells from `None`.
        Some(payload) => payload.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// Reads a payload, `null` included.
#[expect(clippy::missing_errors_doc, reason = "the form serde asks for")]
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Payload>, D::Error> {
    Payload::deserialize(deserializer).map(Some)
}
