//! Where the code on a thread is, for a watchdog.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::definition::Site;

/// The last await that the code of orchestrators on one thread reached. All clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastAwait(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    site: Option<&'static Site>,
    awaits: u64,
}

thread_local! {
    static WATCHED: RefCell<Option<LastAwait>> = const { RefCell::new(None) };
}

impl LastAwait {
    /// Notes the awaits of this thread from now on.
    pub fn watch_this_thread(&self) {
        WATCHED.set(Some(self.clone()));
    }

    /// Returns the object that notes the awaits of this thread, if there is one.
    pub fn of_this_thread() -> Option<Self> {
        WATCHED.with_borrow(Clone::clone)
    }

    /// Forgets the noted await.
    pub fn forget(&self) {
        self.noted().site = None;
    }

    /// Returns the place of that await, if there is one: `file:line:column`, and the expression.
    pub fn place(&self) -> Option<String> {
        let site = self.noted().site;
        site.map(|site| {
            let Site {
                file,
                line,
                column,
                expression,
                ..
            } = site;
            format!("{file}:{line}:{column} (`{expression}`)")
        })
    }

    /// Returns how many awaits were noted. The number grows as long as the code makes progress.
    pub fn awaits(&self) -> u64 {
        self.noted().awaits
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes an await of this thread, if it is watched.
pub(super) fn note(site: &'static Site) {
    WATCHED.with_borrow(|watched| {
        if let Some(watched) = watched {
            let mut noted = watched.noted();
            noted.site = Some(site);
            noted.awaits += 1;
        }
    });
}
