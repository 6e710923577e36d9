//! `durable.lock`.

use durable_runtime::check::LockError;
use durable_runtime::check::LockFile;
use durable_runtime::registry::Registry;

use super::functions;

/// The line between two files.
const BETWEEN: &str = "\n---\n";

/// Reads the text as a lock file, or as two with a line `---` between them, and compares each
/// with the other and the first with what is registered here.
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (locked, current) = text.split_once(BETWEEN).unwrap_or((&text, ""));
    let (locked, current) = (read(locked), read(current));
    let today = LockFile::of(&functions::register(Registry::default()));
    if let Some(locked) = &locked {
        assert_eq!(locked.compare(locked), []);
        let _ = locked.compare(&today);
        let _ = today.compare(locked);
    }
    if let (Some(locked), Some(current)) = (locked, current) {
        let _ = locked.compare(&current);
        let _ = current.compare(&locked);
    }
}

/// What is read is written as it is read. What is not names its line.
fn read(text: &str) -> Option<LockFile> {
    let file = match LockFile::parse(text) {
        Ok(file) => file,
        Err(LockError::Unreadable { line, .. }) => {
            assert!((1..=text.lines().count()).contains(&line), "{line}");
            return None;
        }
        Err(error) => {
            assert!(
                matches!(error, LockError::UnknownFormat { .. }),
                "{error:?}"
            );
            return None;
        }
    };
    let written = LockFile::parse(&file.to_string()).unwrap();
    assert_eq!(written, file);
    Some(file)
}
