//! Times as text.

use crate::clock::Timestamp;

/// After this many years the calendar repeats itself.
const CYCLE: i64 = 400;

/// The most digits of a year: JavaScript writes six.
const YEAR_DIGITS: usize = 6;

/// The most characters of a message about a wrong time, because the message may repeat the text.
const WORDS: usize = 160;

/// `yyyy-MM-ddTHH:mm:ssZ`.
pub(super) fn text_of(time: Timestamp) -> String {
    let mut text = time.to_string();
    if let Some(dot) = text.rfind('.') {
        // Durable Functions writes whole seconds.
        text.replace_range(dot.., "Z");
    }
    text
}

/// Reads a time in ISO 8601, also as other tools write it. A time without an offset is in UTC, and a
/// date alone is its midnight. For "no end", .NET and JavaScript write years that our calendar does not
/// have; this reads them as its last moment. In a query a `+` reads as a space.
///
/// # Errors
/// A text that says what is wrong with the time.
pub(super) fn read(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let Some((year, rest)) = split_year(text) else {
        return parse(text)
            .map_err(|_| "it does not begin with a year, a `-` and a month".to_owned());
    };
    let rest = completed(rest);
    let of_year = |year: i64| parse(&format!("{}{rest}", year_text(year)));
    if let Ok(time) = of_year(year) {
        return Ok(time);
    }
    // The same day of a year that is certainly within reach tells what is beyond it from what is no time.
    of_year(2_000 + year.rem_euclid(CYCLE))?;
    // .NET's `DateTime.MaxValue` and the like stand for no limit, so they are no mistake.
    let nearest = if year > 0 {
        jiff::Timestamp::MAX
    } else {
        jiff::Timestamp::MIN
    };
    Ok(Timestamp::from_millis(nearest.as_millisecond()))
}

fn parse(text: &str) -> Result<Timestamp, String> {
    let time = text.parse::<jiff::Timestamp>();
    let time = time.map_err(|error| error.to_string().chars().take(WORDS).collect::<String>());
    Ok(Timestamp::from_millis(time?.as_millisecond()))
}

/// The year at the beginning of a text, and the rest.
fn split_year(text: &str) -> Option<(i64, &str)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (year, _) = digits.split_once('-')?;
    // Six digits, as JavaScript writes years beyond four.
    let is_year =
        (1..=YEAR_DIGITS).contains(&year.len()) && year.bytes().all(|b| b.is_ascii_digit());
    let rest = &digits[year.len()..];
    is_year.then(|| Some((sign * year.parse::<i64>().ok()?, rest)))?
}

fn year_text(year: i64) -> String {
    if (0..=9_999).contains(&year) {
        format!("{year:04}")
    } else {
        format!("{year:+07}")
    }
}

/// Month, day and time, completed with the parts that the text leaves out.
fn completed(rest: &str) -> String {
    let Some((date, time)) = rest.split_once(['T', 't', ' ']) else {
        return format!("{rest}T00:00:00Z");
    };
    // A `+` in a query that nobody encoded comes as a space.
    let time = time.replace(' ', "+");
    let has_offset = time.contains(['Z', 'z', '+', '-']);
    let offset = if has_offset { "" } else { "Z" };
    format!("{date}T{time}{offset}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_tools_write() {
        let expected = Timestamp::from_millis(1_795_575_600_000);
        for text in [
            "2026-11-25T03:00:00Z",
            "2026-11-25T03:00Z",
            "2026-11-25t03:00z",
            "2026-11-25T03:00:00.0000000Z",
            "2026-11-25T04:00:00+01:00",
            "2026-11-25T04:00:00 01:00",
            "2026-11-24T22:00:00-05:00",
            "2026-11-25T03:00:00",
            "2026-11-25 03:00:00",
            "2026-11-25 03:00:00+00:00",
            "+002026-11-25T03:00:00Z",
            " 002026-11-25T03:00:00.000Z",
            "20261125T030000Z",
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        let midnight = Timestamp::from_millis(1_795_564_800_000);
        assert_eq!(read("2026-11-25"), Ok(midnight));
    }

    #[test]
    fn the_end_and_the_beginning_of_time_are_the_nearest_moments_that_can_be_told() {
        let [first, last] = [jiff::Timestamp::MIN, jiff::Timestamp::MAX]
            .map(|time| Timestamp::from_millis(time.as_millisecond()));
        for text in [
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31",
            "+275760-09-13T00:00:00.000Z",
            " 275760-09-13T00:00:00.000Z",
            "12000-02-29",
        ] {
            assert_eq!(read(text), Ok(last), "{text}");
        }
        assert_eq!(read("-271821-04-20T00:00:00.000Z"), Ok(first));
        let year_one = Timestamp::from_millis(-62_135_596_800_000);
        for text in ["0001-01-01T00:00:00", "1-01-01T00:00:00"] {
            assert_eq!(read(text), Ok(year_one), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_what_is_wrong_with_it() {
        for (text, says) in [
            ("", "does not begin with a year"),
            ("yesterday", "does not begin with a year"),
            ("1795575600", "does not begin with a year"),
            ("2026-13-01T00:00:00Z", "month"),
            ("2026-02-30", "day"),
            ("12001-02-29", "day"),
            ("2026-11-25T25:00", "hour"),
            ("2026-11-25T03:00:00+99:00", "offset"),
            ("2026-11-", "day"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
        let long = format!("2026-{}", "9".repeat(10_000));
        assert!(read(&long).unwrap_err().len() <= WORDS);
    }

    #[test]
    fn times_are_written_in_whole_seconds() {
        let time = Timestamp::from_millis(1_795_575_600_999);
        assert_eq!(text_of(time), "2026-11-25T03:00:00Z");
    }
}
