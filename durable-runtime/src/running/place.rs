//! The place of a record, and how the record is written.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// A file that is longer than this is no record of ours.
const LONGEST: u64 = 64 << 20;

type Bytes = Arc<Mutex<Vec<u8>>>;

/// The place of a record.
#[derive(Debug, Clone, Default)]
pub struct Place(Kind);

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    Nowhere,
    /// What was written there last. A worker that was replaced goes on with what it had.
    Memory(Arc<Mutex<Bytes>>),
    File(PathBuf),
}

impl Place {
    /// Returns no place, for a hub that ends with its process.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// Returns a place in memory, for simulated processes. All clones are the same place.
    pub fn memory() -> Self {
        Self(Kind::Memory(Arc::default()))
    }

    /// Returns a place in a file, which belongs to one worker at a time.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::File(path.into()))
    }

    /// What is there, if anything is.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match &self.0 {
            Kind::Nowhere => Ok(Vec::new()),
            Kind::Memory(held) => Ok(lock(&lock(held)).clone()),
            Kind::File(path) => read_file(path),
        }
    }

    /// Puts `bytes` in the place of all that is there: a process that dies meanwhile leaves the one
    /// or the other. `None` where nothing is kept.
    pub(super) fn replace(&self, bytes: &[u8]) -> io::Result<Option<Medium>> {
        match &self.0 {
            Kind::Nowhere => Ok(None),
            Kind::Memory(held) => {
                // A new one, as a renamed file is: whoever still writes to the old one is not seen
                // here any more.
                let new = Arc::new(Mutex::new(bytes.to_vec()));
                *lock(held) = Arc::clone(&new);
                Ok(Some(Medium::Memory(new)))
            }
            Kind::File(path) => replace_file(path, bytes).map(|file| Some(Medium::File(file))),
        }
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => {
            // Whatever lies there by mistake is not read into memory as a whole.
            file.take(LONGEST).read_to_end(&mut bytes)?;
            Ok(bytes)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    fs::write(&new, bytes)?;
    // The only step that others see: a process that dies before it leaves the old record, and one
    // that dies after it the new one. Nothing is synced, since the record survives the process and
    // not the machine.
    fs::rename(&new, path)?;
    // Opened anew by its path, without `create`: if somebody has taken the file away meanwhile,
    // nothing is recorded.
    File::options().write(true).open(path)
}

/// What is written to.
#[derive(Debug)]
pub(super) enum Medium {
    Memory(Bytes),
    File(File),
}

impl Medium {
    /// Writes `bytes` at `offset`, which may be behind the end.
    pub(super) fn write_at(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        match self {
            // At an offset and without a position of its own, so that threads need not agree on
            // one.
            Self::File(file) => write_all_at(file, offset as u64, bytes),
            Self::Memory(held) => {
                let mut held = lock(held);
                let end = offset + bytes.len();
                if held.len() < end {
                    held.resize(end, 0);
                }
                held[offset..end].copy_from_slice(bytes);
                Ok(())
            }
        }
    }
}

#[cfg(unix)]
fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        offset += written as u64;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
