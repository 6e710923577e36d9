//! Query strings.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::problem::Problem;
use super::time;
use crate::clock::Timestamp;

/// The most parameters of a request: many more than any route has.
const MOST: usize = 64;

/// The parameters of a request. The case of keys does not matter. A parameter without a value counts as
/// absent, and if several have the same key, the first counts.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Names of parameters match without regard to case, as in Durable Functions.
            Ok((decode(key)?.to_lowercase(), decode(value)?))
        });
        let pairs: Vec<_> = pairs.collect::<Result<_, Problem>>()?;
        // Each look goes through all of them.
        if pairs.len() > MOST {
            let message = format!("the query has {} parameters, above {MOST}", pairs.len());
            return Err(Problem::bad_request(message));
        }
        Ok(Self(pairs))
    }

    /// All values of `key`.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        let key = key.to_lowercase();
        let found = self.0.iter().filter(move |(name, _)| *name == key);
        found
            .map(|(_, value)| value.as_str())
            // A parameter without a value counts as absent: clients write all that they have.
            .filter(|value| !value.is_empty())
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, Problem> {
        match self.get(key) {
            None => Ok(default),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(Problem::bad_parameter(key, "`true` or `false`")),
        }
    }

    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Problem> {
        let read = |text| {
            time::read(text).map_err(|wrong| {
                let expected = format!("a time such as `2026-11-25T03:00:00Z`: {wrong}");
                Problem::bad_parameter(key, &expected)
            })
        };
        self.get(key).map(read).transpose()
    }

    /// The end of a range as the first moment after it. The given time itself belongs to the range.
    pub(super) fn time_until(&self, key: &str) -> Result<Option<Timestamp>, Problem> {
        let last = self.time(key)?;
        // Up to and with this moment; the filter takes the moment before which it ends.
        Ok(last.map(|last| last + Duration::from_millis(1)))
    }

    /// A number of seconds; one that is too large for a duration counts as the longest.
    pub(super) fn seconds(&self, key: &str) -> Result<Option<Duration>, Problem> {
        let read = |text: &str| {
            let seconds = text.parse::<f64>().ok();
            let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
            let seconds = seconds.ok_or_else(|| Problem::bad_parameter(key, "a number of seconds"));
            // Too large for a duration is as long as possible, and no mistake.
            Ok(Duration::try_from_secs_f64(seconds?).unwrap_or(Duration::MAX))
        };
        self.get(key).map(read).transpose()
    }

    /// A number from 1; a number above `most` counts as `most`.
    pub(super) fn number(&self, key: &str, default: u32, most: u32) -> Result<u32, Problem> {
        let Some(text) = self.get(key) else {
            return Ok(default.min(most));
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits {
            // More digits than a number has still mean as many as possible.
            text.parse().unwrap_or(u64::MAX)
        } else {
            0
        };
        match u32::try_from(number).unwrap_or(most) {
            0 => Err(Problem::bad_parameter(key, "a whole number from 1")),
            number => Ok(number.min(most)),
        }
    }
}

fn decode(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| Problem::bad_request("the query is not UTF-8"));
    Ok(decoded?.into_owned())
}
