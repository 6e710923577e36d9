//! The maximum nesting of values.

/// The maximum nesting of arrays and objects in a recorded value.
///
/// `serde_json` reads 127 levels. The rest is for what surrounds a value when it is read: the array
/// of several arguments, the events of a history, an answer over HTTP.
pub const MAX_NESTING: usize = 112;

/// How deep the arrays and objects of this JSON are nested.
pub(super) fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            // Before everything else: an escaped quote ends no text.
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

pub(super) fn too_deep() -> String {
    format!("nested more than {MAX_NESTING} deep")
}
