//! Writes a value as JSON, and refuses what would not come back.
//!
//! It stands around the serializer of `serde_json`: each part of a value is wrapped once more, so that
//! its place is known. Nothing is allocated for that while nothing is wrong.

use std::fmt;

use serde::Serialize;
use serde::Serializer;
use serde::ser::Error;

use super::compound::Compound;
use super::compound::Fields;
use super::compound::MapEntries;
use super::error::Problem;
use super::findings::Findings;
use super::nesting::MAX_NESTING;
use super::nesting::nesting;
use super::nesting::too_deep;
use super::path::Step;
use super::path::Trail;

/// A value as it is written.
pub(super) struct Written {
    pub(super) text: String,
    /// What only some types read back.
    pub(super) doubt: Option<Problem>,
}

/// Writes `value`, which is to stand that many levels down in what is recorded.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, depth: usize) -> Result<Written, Problem> {
    let findings = Findings::default();
    let place = Place {
        findings: &findings,
        trail: &Trail {
            above: None,
            step: Step::Value,
        },
        depth,
        role: Role::Value,
    };
    let mut bytes = Vec::with_capacity(128);
    let mut json = serde_json::Serializer::new(&mut bytes);
    let written = Checked { value, place }.serialize(&mut json);
    let text = written.and_then(|()| String::from_utf8(bytes).map_err(Error::custom));
    match text {
        Ok(text) => Ok(Written {
            text,
            doubt: findings.into_doubt(),
        }),
        // What was noted first is the cause, with its place; the serializer's own error comes up
        // from there without one.
        Err(error) => Err(findings.into_refused().unwrap_or_else(|| Problem {
            path: String::new(),
            cause: error.to_string(),
        })),
    }
}

/// Where the writer stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) findings: &'a Findings,
    pub(super) trail: &'a Trail<'a>,
    /// How many arrays and objects are open around it.
    depth: usize,
    role: Role,
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Value,
    /// What is in a `Some`.
    InSome,
    Key,
    /// A key whose text is asked for.
    KeptKey,
    /// JSON that is taken as it is.
    Json {
        in_some: bool,
    },
}

impl<'a> Place<'a> {
    /// Where a part of what stands here is.
    pub(super) fn at<'b>(self, trail: &'b Trail<'b>) -> Place<'b>
    where
        'a: 'b,
    {
        Place {
            trail,
            ..self.with(Role::Value)
        }
    }

    pub(super) fn with(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Whether JSON is written as it is.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.role, Role::Json { .. })
    }

    pub(super) fn refuse<E: Error>(&self, cause: &dyn fmt::Display) -> E {
        self.findings.refuse(self.trail, cause);
        E::custom(cause)
    }

    /// Within that many more arrays or objects.
    fn within<E: Error>(self, levels: usize) -> Result<Self, E> {
        // Checked while it is written: reading stops at a depth of its own, and what was recorded
        // could not come back.
        let depth = self.depth + levels;
        if depth > MAX_NESTING {
            return Err(self.refuse(&too_deep()));
        }
        Ok(Self {
            depth,
            ..self.with(Role::Value)
        })
    }

    /// Keys of maps are text in JSON; not every way of reading makes a number of one again.
    fn check_key(&self) {
        if matches!(self.role, Role::Key | Role::KeptKey) {
            let cause = "a map with keys that are not text";
            self.findings.doubt(self.trail, cause);
        }
    }

    fn check_finite<E: Error>(&self, number: f64) -> Result<(), E> {
        self.check_key();
        if number.is_finite() {
            return Ok(());
        }
        // `serde_json` writes both as `null` without an error.
        let name = if number.is_nan() { "NaN" } else { "infinity" };
        Err(self.refuse(&format_args!("{name} has no JSON form")))
    }

    fn check_null<E: Error>(&self) -> Result<(), E> {
        // `Some(None)` and `Some(())` are `null` like `None`, and nobody could tell them apart.
        if matches!(self.role, Role::InSome | Role::Json { in_some: true }) {
            let cause = "a `Some` of what JSON writes as `null` would be read as `None`";
            return Err(self.refuse(&cause));
        }
        Ok(())
    }

    fn check_text<E: Error>(&self, text: &str) -> Result<(), E> {
        match self.role {
            Role::KeptKey => self.findings.keep_key(text),
            Role::Json { .. } if text.trim() == "null" => self.check_null()?,
            Role::Json { .. } if self.depth + nesting(text) > MAX_NESTING => {
                return Err(self.refuse(&too_deep()));
            }
            _ => {}
        }
        Ok(())
    }

    /// Only `i64` and `u64` pass through the buffer in which serde reads tagged, untagged and
    /// flattened types. Others are refused there however small the number is.
    fn check_wide(&self) {
        self.check_key();
        let cause = "a whole number of a type of 128 bits";
        self.findings.doubt(self.trail, cause);
    }
}

/// A value at its place.
pub(super) struct Checked<'a, T: ?Sized> {
    pub(super) value: &'a T,
    pub(super) place: Place<'a>,
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = self.place;
        let written = self.value.serialize(Checking {
            inner: serializer,
            place,
        });
        if let Err(error) = &written {
            // Only the innermost is noted, since the first one stays: errors of the user's own
            // `Serialize` have no place of their own.
            place.findings.refuse(place.trail, error);
        }
        written
    }
}

/// The serializer `inner`, checked.
pub(super) struct Checking<'a, S> {
    inner: S,
    place: Place<'a>,
}

/// The one `f32` whose shortest text, read as an `f64` and then made an `f32`, is another: found by
/// trying them all. It is read so in the buffer of tagged, untagged and flattened types.
const ROUNDED_TWICE: f32 = 7.038_531e-26;

/// The structs by which `serde_json` passes on JSON as it is.
fn is_json(name: &str) -> bool {
    matches!(
        name,
        "$serde_json::private::RawValue" | "$serde_json::private::Number"
    )
}

macro_rules! may_be_keys {
    ($($method:ident $number:ty),+) => {
        $(fn $method(self, value: $number) -> Result<S::Ok, S::Error> {
            self.place.check_key();
            self.inner.$method(value)
        })+
    };
}

impl<'a, S: Serializer> Serializer for Checking<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Compound<'a, S::SerializeSeq>;
    type SerializeTuple = Compound<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Compound<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Compound<'a, S::SerializeTupleVariant>;
    type SerializeMap = MapEntries<'a, S::SerializeMap>;
    type SerializeStruct = Fields<'a, S::SerializeStruct>;
    type SerializeStructVariant = Fields<'a, S::SerializeStructVariant>;

    may_be_keys!(
        serialize_bool bool,
        serialize_i8 i8,
        serialize_i16 i16,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_u8 u8,
        serialize_u16 u16,
        serialize_u32 u32,
        serialize_u64 u64
    );

    fn serialize_i128(self, value: i128) -> Result<S::Ok, S::Error> {
        self.place.check_wide();
        self.inner.serialize_i128(value)
    }

    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        self.place.check_wide();
        self.inner.serialize_u128(value)
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.place.check_finite(f64::from(value))?;
        if value.abs().to_bits() == ROUNDED_TWICE.to_bits() {
            let cause = "an `f32` that some types read as its neighbour";
            // A doubt and no refusal: many types read it well, so the value is read back once to
            // find out.
            self.place.findings.doubt(self.place.trail, cause);
        }
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.place.check_finite(value)?;
        self.inner.serialize_f64(value)
    }

    fn serialize_char(self, value: char) -> Result<S::Ok, S::Error> {
        self.place.check_text(value.encode_utf8(&mut [0; 4]))?;
        self.inner.serialize_char(value)
    }

    fn serialize_str(self, value: &str) -> Result<S::Ok, S::Error> {
        self.place.check_text(value)?;
        self.inner.serialize_str(value)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        if self.place.role == Role::KeptKey {
            // Only for keys that are kept, since it allocates; others are written as they are
            // shown.
            return self.serialize_str(&value.to_string());
        }
        self.inner.collect_str(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<S::Ok, S::Error> {
        self.place.within(1)?;
        self.inner.serialize_bytes(value)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.place.check_null()?;
        self.inner.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let place = match self.place.role {
            Role::Value => self.place.with(Role::InSome),
            // Within a `Some` already, or within embedded JSON: that holds for what is wrapped as
            // well.
            _ => self.place,
        };
        self.inner.serialize_some(&Checked { value, place })
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.place.check_null()?;
        self.inner.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.place.check_null()?;
        self.inner.serialize_unit_struct(name)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.place.check_text(variant)?;
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let place = self.place;
        let value = Checked { value, place };
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let place = self.place.within(1)?;
        let trail = place.trail.to(Step::Name(variant));
        let place = place.at(&trail);
        let value = Checked { value, place };
        self.inner
            .serialize_newtype_variant(name, index, variant, &value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let place = self.place.within(1)?;
        Ok(Compound::new(self.inner.serialize_seq(len)?, place))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        let place = self.place.within(1)?;
        Ok(Compound::new(self.inner.serialize_tuple(len)?, place))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let place = self.place.within(1)?;
        let inner = self.inner.serialize_tuple_struct(name, len)?;
        Ok(Compound::new(inner, place))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let place = self.place.within(2)?;
        let inner = self
            .inner
            .serialize_tuple_variant(name, index, variant, len)?;
        Ok(Compound::new(inner, place).of(variant))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let place = self.place.within(1)?;
        let inner = self.inner.serialize_map(len)?;
        Ok(MapEntries::new(inner, place, len))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let place = if is_json(name) {
            let in_some = self.place.role == Role::InSome;
            self.place.with(Role::Json { in_some })
        } else {
            self.place.within(1)?
        };
        let inner = self.inner.serialize_struct(name, len)?;
        Ok(Fields::new(inner, place))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let place = self.place.within(2)?;
        let inner = self
            .inner
            .serialize_struct_variant(name, index, variant, len)?;
        Ok(Fields::new(inner, place).of(variant))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
