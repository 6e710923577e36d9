//! Where a part stands in a value.

use std::fmt;
use std::fmt::Write as _;

use serde_path_to_error::Segment;

/// One step from a value to a part of it.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    /// The value itself.
    Value,
    /// A field, or the variant of an enum.
    Name(&'static str),
    /// A place in a tuple.
    Place(usize),
    /// An item of a sequence.
    Item(usize),
    /// The value of a key of a map.
    Key(&'a dyn KeyText),
}

/// A key that can be put in words. Asked only when something is wrong.
pub(super) trait KeyText {
    /// The key as JSON writes it, without quotes.
    fn text(&self) -> String;
}

impl KeyText for String {
    fn text(&self) -> String {
        self.clone()
    }
}

/// The way to a part: linked up the stack, as nobody looks at it while nothing is wrong.
#[derive(Clone, Copy)]
pub(super) struct Trail<'a> {
    pub(super) above: Option<&'a Trail<'a>>,
    pub(super) step: Step<'a>,
}

impl<'a> Trail<'a> {
    /// One step on.
    pub(super) fn to<'b>(&'b self, step: Step<'b>) -> Trail<'b>
    where
        'a: 'b,
    {
        Trail {
            above: Some(self),
            step,
        }
    }
}

/// As many steps are shown from the top, and as many from the bottom.
const SHOWN: usize = 8;

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps: Vec<Step<'_>> = Vec::new();
        let mut next = Some(self);
        while let Some(trail) = next {
            steps.push(trail.step);
            next = trail.above;
        }
        steps.reverse();
        // The beginning says which part of the value it is, and the end what is wrong there.
        let hidden = SHOWN..steps.len().saturating_sub(SHOWN).max(SHOWN);
        let mut path = String::new();
        for (number, step) in steps.iter().enumerate() {
            if !hidden.contains(&number) {
                push(&mut path, *step)?;
            } else if number == hidden.start {
                path.push_str("[…]");
            }
        }
        f.write_str(&path)
    }
}

/// The way that a reader went, written the same.
pub(super) fn path_text(way: &serde_path_to_error::Path) -> Result<String, fmt::Error> {
    let mut path = String::new();
    for segment in way {
        match segment {
            Segment::Seq { index } => write!(path, "[{index}]")?,
            Segment::Map { key } => push_key(&mut path, key)?,
            Segment::Enum { variant } => push_name(&mut path, variant)?,
            Segment::Unknown => path.push_str("[?]"),
        }
    }
    Ok(path)
}

fn push(path: &mut String, step: Step<'_>) -> fmt::Result {
    match step {
        Step::Value => Ok(()),
        Step::Name(name) => push_name(path, name),
        Step::Place(place) => push_name(path, &place.to_string()),
        Step::Item(number) => write!(path, "[{number}]"),
        Step::Key(key) => push_key(path, &key.text()),
    }
}

fn push_name(path: &mut String, name: &str) -> fmt::Result {
    let dot = if path.is_empty() { "" } else { "." };
    write!(path, "{dot}{name}")
}

/// A key that could be the name of a field is written like one.
pub(super) fn push_key(path: &mut String, key: &str) -> fmt::Result {
    let is_name = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name {
        push_name(path, key)
    } else {
        write!(path, "[{key:?}]")
    }
}
