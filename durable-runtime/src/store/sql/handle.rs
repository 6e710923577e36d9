//! One handle of a database's file for the whole process.
//!
//! A process that closes any handle of a file loses all locks that it has on that file, those of
//! `SQLite`'s connections too (<https://sqlite.org/howtocorrupt.html>, 2.2). So whoever reads the file
//! beside `SQLite` shares one handle, which is closed once no store has the database open.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The handle of the file at `path`; `None` when there is no file.
#[cfg(unix)]
pub(super) fn shared(path: &Path) -> io::Result<Option<Arc<File>>> {
    use std::collections::BTreeMap;
    use std::os::unix::fs::MetadataExt;
    use std::sync::Mutex;
    use std::sync::PoisonError;
    use std::sync::Weak;

    static OPEN: Mutex<BTreeMap<(u64, u64), Weak<File>>> = Mutex::new(BTreeMap::new());

    let Some(found) = existing(path.metadata())? else {
        return Ok(None);
    };
    // Held until the new handle is in the list: two that open the same file would end up with two
    // handles.
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    // A number of a file may be given again once nobody has it open.
    open.retain(|_, file| file.strong_count() > 0);
    let place = (found.dev(), found.ino());
    if let Some(file) = open.get(&place).and_then(Weak::upgrade) {
        return Ok(Some(file));
    }
    let Some(file) = existing(File::open(path))?.map(Arc::new) else {
        return Ok(None);
    };
    // Of the handle and not of the path: another file may have taken its place between the look and
    // the opening.
    let opened = file.metadata()?;
    open.insert((opened.dev(), opened.ino()), Arc::downgrade(&file));
    Ok(Some(file))
}

/// The handle of the file at `path`; `None` when there is no file. Here each has its own locks.
#[cfg(not(unix))]
pub(super) fn shared(path: &Path) -> io::Result<Option<Arc<File>>> {
    Ok(existing(File::open(path))?.map(Arc::new))
}

/// The first bytes; `None` when there are not as many. Where others read is not moved.
pub(super) fn start_of<const N: usize>(file: &File) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    let read = read_at(file, &mut bytes)?;
    Ok((read == N).then_some(bytes))
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, 0)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, 0)
}

/// What was found; `None` when there is no file.
pub(super) fn existing<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::sync::Arc;

    use super::shared;

    #[test]
    fn a_file_has_one_handle_by_whatever_name_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("hub.db"), folder.path().join("link.db"));
        assert!(shared(&path).unwrap().is_none(), "there is no file yet");
        std::fs::write(&path, "a database").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        let first = shared(&path).unwrap().unwrap();
        let second = shared(&other).unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn another_file_at_the_same_place_has_a_handle_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        std::fs::write(&path, "a database").unwrap();
        let first = shared(&path).unwrap().unwrap();
        std::fs::rename(&path, folder.path().join("away.db")).unwrap();
        std::fs::write(&path, "another").unwrap();
        let second = shared(&path).unwrap().unwrap();
        let inode = |file: &std::fs::File| file.metadata().unwrap().ino();
        assert_ne!(inode(&first), inode(&second));
    }
}
