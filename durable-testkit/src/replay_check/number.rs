//! Numbers as they are written: by value, and in another style.

/// The value of a number, however it is written and however long it is: `12.50` has that of `1.25e1`.
/// Nothing if the text is not a number.
pub(super) fn value_of(text: &str) -> Option<String> {
    let (sign, unsigned) = split_sign(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = all.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(ZERO.to_owned());
    }
    let moved = i64::try_from(digits.len() - significant.len()).ok()?;
    let moved = moved - i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.checked_add(moved)?;
    Some(format!("{sign}{significant}e{exponent}"))
}

/// The value of zero.
pub(super) const ZERO: &str = "0";

/// The sign, if it is a minus, and the rest.
fn split_sign(text: &str) -> (&str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

/// A text that is a number as JSON writes it: without a plus and without zeros in front.
pub(super) fn literal(text: &str) -> String {
    let (sign, unsigned) = split_sign(text);
    let end = unsigned.find(['.', 'e', 'E']).unwrap_or(unsigned.len());
    let (whole, rest) = unsigned.split_at(end);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let rest = if rest.len() == 1 { "" } else { rest };
    format!("{sign}{whole}{rest}")
}

/// The number `new` in the style of `old`: whole, or as a float.
pub(super) fn in_style_of(old: &str, new: &str) -> String {
    match (is_float(old), is_float(new)) {
        (true, false) => format!("{new}.0"),
        (false, true) => match as_float(new) {
            // Adding zero makes a zero of a negative zero.
            Some(number) => format!("{:.0}", number.trunc() + 0.0),
            None => new.to_owned(),
        },
        _ => new.to_owned(),
    }
}

pub(super) fn is_float(number: &str) -> bool {
    number.contains(['.', 'e', 'E'])
}

pub(super) fn as_float(number: &str) -> Option<f64> {
    number
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

pub(super) fn digits(number: &str) -> usize {
    number.chars().filter(char::is_ascii_digit).count()
}
