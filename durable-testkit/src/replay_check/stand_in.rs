//! What stands for a text that has the form of a code, so that it can still be read as one.

use std::collections::BTreeSet;

use super::number::digits;
use super::number::is_float;
use super::number::value_of;

/// A code of fewer digits is a word like others, unless it is a number.
const SHORTEST_CODE: usize = 4;
/// There are too few numbers of fewer digits to tell many secrets apart.
const SHORTEST_NUMBER: usize = 3;

/// Whether the text is made of digits and what stands between them: a number, a date, a UUID.
pub(super) fn is_code(text: &str) -> bool {
    let belongs = |letter: char| letter.is_ascii_hexdigit() || "-:.+ TZ/".contains(letter);
    let is_number = value_of(text).is_some() && digits(text) >= SHORTEST_NUMBER;
    is_number || digits(text) >= SHORTEST_CODE && text.chars().all(belongs)
}

/// A text of the same form that is not taken: `1111-11-11` for a date.
pub(super) fn code_like(text: &str, taken: &mut BTreeSet<String>) -> String {
    let (head, tail) = split_zeros(text);
    let blank = if value_of(text).is_some() {
        blank_digit
    } else {
        blank
    };
    let mut new: Vec<u8> = head.bytes().map(blank).collect();
    loop {
        let candidate = String::from_utf8_lossy(&new).into_owned() + tail;
        let again = candidate == text || !taken.insert(candidate.clone());
        if !again || !count_up(&mut new) {
            return candidate;
        }
    }
}

/// A number whose decimals are zeros, and those: it stays a whole number.
fn split_zeros(text: &str) -> (&str, &str) {
    let end = text.trim_end_matches('0').len();
    let is_split = value_of(text).is_some() && is_float(text) && text[..end].ends_with('.');
    text.split_at(if is_split { end } else { text.len() })
}

fn blank_digit(letter: u8) -> u8 {
    if letter.is_ascii_digit() {
        b'1'
    } else {
        letter
    }
}

fn blank(letter: u8) -> u8 {
    match letter {
        b'a'..=b'f' => b'a',
        b'A'..=b'F' => b'A',
        other => blank_digit(other),
    }
}

/// The next text of the same form; none after the last.
fn count_up(code: &mut [u8]) -> bool {
    for digit in code.iter_mut().rev().filter(|byte| byte.is_ascii_digit()) {
        if *digit < b'9' {
            *digit += 1;
            return true;
        }
        *digit = b'1';
    }
    false
}
