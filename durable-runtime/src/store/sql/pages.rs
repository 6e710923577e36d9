//! Whether the pages that the header of an `SQLite` file counts are there: <https://sqlite.org/fileformat.html>.
//!
//! A file that is shorter than its header says is whole all the same when its log has the rest:
//! copying the log into the file writes the header first and may have been interrupted.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;

use super::handle;

const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What is missing of a database, if there is a file of it, with the log at `log`. `None` when nothing
/// is, and for what is no database, or a new one.
pub(super) fn missing(database: Option<&File>, log: &Path) -> io::Result<Option<String>> {
    let Some(file) = database else {
        return Ok(left_behind(log)?.then(|| without_database(log)));
    };
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(left_behind(log)?.then(|| without_database(log)));
    }
    let Some(header) = handle::start_of::<HEADER>(file)?.and_then(|bytes| Header::of(&bytes))
    else {
        return Ok(None);
    };
    let there = length / header.page_size;
    if there >= header.pages {
        return Ok(None);
    }
    let (pages, logged) = match handle::existing(File::open(log))? {
        // The last commit in the log counts more than the header: it says how long the database is
        // now.
        Some(mut log) => read_log(&mut log)?.unwrap_or((header.pages, HashSet::new())),
        None => (header.pages, HashSet::new()),
    };
    let Some(page) = (there + 1..=pages).find(|page| !logged.contains(page)) else {
        return Ok(None);
    };
    // Somebody who uses the database may have copied the log into the file since its length was read,
    // and begun the log anew.
    if file.metadata()?.len() != length {
        return missing(database, log);
    }
    Ok(Some(format!(
        "it ends at {length} bytes, before page {page} of {pages}; it was truncated or not copied to its end"
    )))
}

/// `SQLite` would delete the log of an absent or empty database, with all that is in it.
fn without_database(log: &Path) -> String {
    format!(
        "it is absent or empty, while its log `{}` is not; the two belong together",
        log.display()
    )
}

fn left_behind(log: &Path) -> io::Result<bool> {
    let found = handle::existing(File::open(log))?;
    found.map_or(Ok(false), |log| Ok(log.metadata()?.len() > 0))
}

/// The first bytes; `None` when there are not as many.
fn start_of<const N: usize>(file: &mut File) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the header of a database says of its size.
struct Header {
    page_size: u64,
    pages: u64,
}

impl Header {
    /// `None` when it does not say it: old versions of `SQLite` leave the number of pages as it was.
    fn of(bytes: &[u8; HEADER]) -> Option<Self> {
        let page_size = match u16::from_be_bytes([bytes[16], bytes[17]]) {
            1 => 65_536,
            size => u64::from(size),
        };
        let is_known = bytes.starts_with(MAGIC) && page_size >= 512;
        let is_current = number(bytes, 24) == number(bytes, 92);
        (is_known && is_current).then(|| Self {
            page_size,
            pages: u64::from(number(bytes, 28)),
        })
    }
}

/// How many pages the database has by its log, and which of them the log has. `None` when nothing in
/// it counts.
fn read_log(log: &mut File) -> io::Result<Option<(u64, HashSet<u64>)>> {
    let Some(header) = start_of::<LOG_HEADER>(log)? else {
        return Ok(None);
    };
    let page_size = i64::from(number(&header, 8));
    let (mut committed, mut open, mut pages) = (HashSet::new(), Vec::new(), None);
    while let Some(frame) = start_of::<FRAME_HEADER>(log)? {
        if frame[8..16] != header[16..24] {
            // Left from before the log was begun anew.
            break;
        }
        open.push(u64::from(number(&frame, 0)));
        let size = number(&frame, 4);
        // Only a frame that ends a commit has a size; frames after the last one were never
        // committed.
        if size > 0 {
            committed.extend(open.drain(..));
            pages = Some(u64::from(size));
        }
        log.seek(SeekFrom::Current(page_size))?;
    }
    Ok(pages.map(|pages| (pages, committed)))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes[at..].iter().take(4);
    bytes.fold(0, |number, byte| number << 8 | u32::from(*byte))
}
