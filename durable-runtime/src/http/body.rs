//! Request bodies: their limits, and how they are read as JSON.

use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::LengthLimitError;
use serde::Serialize;

use super::limits::HttpLimits;
use super::problem::Problem;
use crate::payload::Payload;

/// Reads a body, within the limits.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: &HttpLimits,
) -> Result<Bytes, Problem> {
    let limit = limits.body_bytes;
    let too_large = || {
        let message = format!("the body is above the limit of {limit} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok());
    // Refused before it is read; what is not announced, or announced wrongly, is cut off below.
    if announced.is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|bytes| bytes > limit)) {
        return Err(too_large());
    }
    match within(limits.body_time, axum::body::to_bytes(body, limit)).await {
        None => {
            let message = "the body did not arrive in time";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, message))
        }
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(error)) if is_too_long(&error) => Err(too_large()),
        Some(Err(_)) => Err(Problem::bad_request(
            "the body ended before it was complete",
        )),
    }
}

/// Waits no longer than `time`. This is real time, not the hub's, because clients send in real time.
pub(super) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(time, future).await.ok()
}

/// Whether a body exceeded the limit.
fn is_too_long(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// Reads a body as JSON; `None` if it is empty.
pub(super) fn json(bytes: &[u8], limits: &HttpLimits) -> Result<Option<Payload>, Problem> {
    let text = text(bytes)?;
    // No body is no input, and differs from `null` (I5).
    if text.trim().is_empty() {
        return Ok(None);
    }
    check_depth(text, limits.json_depth)?;
    // Read as a value too: JSON whose text is right can still hold what no string or number can be.
    let read = serde_json::from_str::<serde_json::Value>(text);
    read.map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))?;
    // The text and not the parsed value: numbers keep their digits and objects their order.
    let payload = Payload::from_json(&compact(text));
    payload
        .map(Some)
        .map_err(|error| Problem::bad_request(error.to_string()))
}

/// Reads a body as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|_| Problem::bad_request("the body is not UTF-8"))
}

/// Whether a header says that the body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// Refuses JSON that is nested too deep, before anything recurses into it.
fn check_depth(text: &str, limit: usize) -> Result<(), Problem> {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in outside_strings(text) {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > limit {
        let message = format!("the body is nested {deepest} deep, above the limit of {limit}");
        return Err(Problem::bad_request(message));
    }
    Ok(())
}

/// The bytes of JSON outside of strings.
fn outside_strings(text: &str) -> impl Iterator<Item = u8> {
    let (mut in_string, mut escaped) = (false, false);
    text.bytes().filter(move |byte| {
        if !in_string {
            in_string = *byte == b'"';
            return !in_string;
        }
        if escaped {
            escaped = false;
        } else if *byte == b'\\' {
            escaped = true;
        } else if *byte == b'"' {
            in_string = false;
        }
        false
    })
}

/// JSON without the white space between its parts, because recorded values have none.
fn compact(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keeps = |c: &char| {
        if escaped {
            escaped = false;
        } else if *c == '"' {
            in_string = !in_string;
        } else if in_string && *c == '\\' {
            escaped = true;
        }
        in_string || !matches!(c, ' ' | '\t' | '\r' | '\n')
    };
    text.chars().filter(keeps).collect()
}

/// A response with JSON.
pub(super) fn respond<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what is recorded has no JSON form"
            );
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "what is recorded has no JSON form",
            )
            .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_json(text: &str) -> Result<Option<Payload>, Problem> {
        json(text.as_bytes(), &HttpLimits::default())
    }

    #[test]
    fn json_is_kept_without_the_space_between_its_parts() {
        let read = read_json("{ \"a b\" :\r\n [ 1.50, \"\\\" \\\\\" , 123456789012345678901 ] }");
        let expected = r#"{"a b":[1.50,"\" \\",123456789012345678901]}"#;
        assert_eq!(read.unwrap().unwrap().as_text(), expected);
    }

    #[test]
    fn absent_null_and_empty_are_told_apart() {
        assert_eq!(read_json("").unwrap(), None);
        assert_eq!(read_json(" \n").unwrap(), None);
        for text in ["null", "\"\"", "0", "false", "{}"] {
            assert_eq!(read_json(text).unwrap().unwrap().as_text(), text);
        }
    }

    #[test]
    fn what_no_reader_takes_is_refused() {
        for text in [
            "{",
            "nul",
            "1 2",
            "\"\\ud800\"",
            "1e999",
            "'a'",
            "\u{feff}1",
            "[1,]",
        ] {
            read_json(text).unwrap_err();
        }
        json(&[b'"', 0xff, b'"'], &HttpLimits::default()).unwrap_err();
    }

    #[test]
    fn the_depth_is_limited_and_strings_do_not_count() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        read_json(&nested(64)).unwrap();
        read_json(&nested(65)).unwrap_err();
        read_json(&nested(100_000)).unwrap_err();
        read_json(&format!("\"\\\"{}\"", "[".repeat(1_000))).unwrap();
    }
}
