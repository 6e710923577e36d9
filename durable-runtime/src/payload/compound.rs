//! The parts of sequences, tuples, maps and structs, each checked at its place.

use std::collections::HashSet;

use serde::Serialize;
use serde::ser::Error;
use serde::ser::SerializeMap;
use serde::ser::SerializeSeq;
use serde::ser::SerializeStruct;
use serde::ser::SerializeStructVariant;
use serde::ser::SerializeTuple;
use serde::ser::SerializeTupleStruct;
use serde::ser::SerializeTupleVariant;

use super::checked::Checked;
use super::checked::Place;
use super::checked::Role;
use super::path::KeyText;
use super::path::Step;

/// A sequence or a tuple that is being written.
pub(super) struct Compound<'a, C> {
    inner: C,
    place: Place<'a>,
    variant: Option<&'static str>,
    next: usize,
}

impl<'a, C> Compound<'a, C> {
    pub(super) fn new(inner: C, place: Place<'a>) -> Self {
        Self {
            inner,
            place,
            variant: None,
            next: 0,
        }
    }

    /// As what a variant of an enum holds.
    pub(super) fn of(self, variant: &'static str) -> Self {
        Self {
            variant: Some(variant),
            ..self
        }
    }

    fn next(&mut self) -> usize {
        let number = self.next;
        self.next += 1;
        number
    }
}

/// Hands `value` to `write`, wrapped for its place: `step` down, in `variant` if there is one.
fn at<T: ?Sized, R>(
    place: Place<'_>,
    variant: Option<&'static str>,
    step: Step<'_>,
    value: &T,
    write: impl FnOnce(&Checked<'_, T>) -> R,
) -> R {
    let of_variant = variant.map(|variant| place.trail.to(Step::Name(variant)));
    let above = of_variant.as_ref().unwrap_or(place.trail);
    let trail = above.to(step);
    let place = place.at(&trail);
    write(&Checked { value, place })
}

macro_rules! in_order {
    ($($kind:ident $method:ident $step:ident),+) => {
        $(impl<C: $kind> $kind for Compound<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                let step = Step::$step(self.next());
                let inner = &mut self.inner;
                at(self.place, self.variant, step, value, |value| inner.$method(value))
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        })+
    };
}

in_order!(
    SerializeSeq serialize_element Item,
    SerializeTuple serialize_element Place,
    SerializeTupleStruct serialize_field Place,
    SerializeTupleVariant serialize_field Place
);

/// A struct that is being written, or JSON as it is.
pub(super) struct Fields<'a, C> {
    inner: C,
    place: Place<'a>,
    variant: Option<&'static str>,
    first: Option<&'static str>,
}

impl<'a, C> Fields<'a, C> {
    pub(super) fn new(inner: C, place: Place<'a>) -> Self {
        Self {
            inner,
            place,
            variant: None,
            first: None,
        }
    }

    /// As what a variant of an enum holds.
    pub(super) fn of(self, variant: &'static str) -> Self {
        Self {
            variant: Some(variant),
            ..self
        }
    }

    /// A tag is written first; what is tagged may have a field of that name.
    fn check_tag<E: Error>(&mut self, name: &'static str) -> Result<(), E> {
        // Only the first: a tag that serde writes is the first field, and a field of that name
        // after it would be read as the tag.
        if self.first == Some(name) {
            let trail = self.place.trail.to(Step::Name(name));
            return Err(self.place.at(&trail).refuse(&TWICE));
        }
        self.first.get_or_insert(name);
        Ok(())
    }
}

const TWICE: &str = "this name would stand twice in one object";

macro_rules! by_name {
    ($($kind:ident),+) => {
        $(impl<C: $kind> $kind for Fields<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                // The one field of embedded JSON is no part of a path.
                if self.place.is_json() {
                    let place = self.place;
                    return self.inner.serialize_field(name, &Checked { value, place });
                }
                self.check_tag(name)?;
                let inner = &mut self.inner;
                at(self.place, self.variant, Step::Name(name), value, |value| {
                    inner.serialize_field(name, value)
                })
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), C::Error> {
                self.inner.skip_field(name)
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        })+
    };
}

by_name!(SerializeStruct, SerializeStructVariant);

/// A map that is being written.
pub(super) struct MapEntries<'a, C> {
    inner: C,
    place: Place<'a>,
    /// The keys so far, where they may repeat: a map counts its entries, fields that are flattened
    /// into others do not.
    seen: Option<HashSet<String>>,
    /// The key whose value comes next.
    key: Option<String>,
}

/// A key, put in words when it is asked for.
struct KeyOf<'a, K: ?Sized>(&'a K);

impl<K: Serialize + ?Sized> KeyText for KeyOf<'_, K> {
    fn text(&self) -> String {
        let json = serde_json::to_string(self.0).unwrap_or_default();
        serde_json::from_str(&json).unwrap_or(json)
    }
}

impl<'a, C: SerializeMap> MapEntries<'a, C> {
    pub(super) fn new(inner: C, place: Place<'a>, len: Option<usize>) -> Self {
        Self {
            inner,
            place,
            seen: len.is_none().then(HashSet::new),
            key: None,
        }
    }

    /// Writes a key, and returns its text if it is text and asked for.
    fn write_key<K: Serialize + ?Sized>(
        &mut self,
        key: &K,
        role: Role,
    ) -> Result<Option<String>, C::Error> {
        let place = self.place.with(role);
        self.inner.serialize_key(&Checked { value: key, place })?;
        let text = self.place.findings.take_key();
        if let (Some(seen), Some(text)) = (&mut self.seen, &text)
            && !seen.insert(text.clone())
        {
            let trail = self.place.trail.to(Step::Key(text));
            return Err(self.place.at(&trail).refuse(&TWICE));
        }
        Ok(text)
    }

    fn write_value<T: Serialize + ?Sized>(
        &mut self,
        step: Step<'_>,
        value: &T,
    ) -> Result<(), C::Error> {
        let inner = &mut self.inner;
        at(self.place, None, step, value, |value| {
            inner.serialize_value(value)
        })
    }
}

impl<C: SerializeMap> SerializeMap for MapEntries<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.key = self.write_key(key, Role::KeptKey)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let key = self.key.take().unwrap_or_default();
        self.write_value(Step::Key(&key), value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        let role = if self.seen.is_some() {
            Role::KeptKey
        } else {
            Role::Key
        };
        self.write_key(key, role)?;
        self.write_value(Step::Key(&KeyOf(key)), value)
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}
