//! Times as text.

use crate::clock::Timestamp;

/// `yyyy-MM-ddTHH:mm:ssZ`.
pub(super) fn text_of(time: Timestamp) -> String {
    let mut text = time.to_string();
    if let Some(dot) = text.rfind('.') {
        text.replace_range(dot.., "Z");
    }
    text
}

/// Reads a time in ISO 8601, with its offset from UTC. In a query a `+` reads as a space.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim().replace(' ', "+");
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
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
            "2026-11-25T03:00:00.0000000Z",
            "2026-11-25T04:00:00+01:00",
            "2026-11-25T04:00:00 01:00",
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "1795575600"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_written_in_whole_seconds() {
        let time = Timestamp::from_millis(1_795_575_600_999);
        assert_eq!(text_of(time), "2026-11-25T03:00:00Z");
    }
}
