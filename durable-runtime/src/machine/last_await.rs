//! Where the code on a thread is, for whoever watches that thread.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::definition::Site;

/// The await that the code of orchestrators on one thread came to last. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastAwait(Arc<Mutex<Option<&'static Site>>>);

thread_local! {
    static WATCHED: RefCell<Option<LastAwait>> = const { RefCell::new(None) };
}

impl LastAwait {
    /// Notes the awaits of this thread from now on.
    pub fn watch_this_thread(&self) {
        WATCHED.set(Some(self.clone()));
    }

    /// What notes the awaits of this thread, if anything does.
    pub fn of_this_thread() -> Option<Self> {
        WATCHED.with_borrow(Clone::clone)
    }

    /// Forgets what was noted.
    pub fn forget(&self) {
        *self.site() = None;
    }

    /// Where that await is, if there was one: `file:line:column`, and the expression.
    pub fn place(&self) -> Option<String> {
        let site = *self.site();
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

    fn site(&self) -> MutexGuard<'_, Option<&'static Site>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes an await of this thread, if it is watched.
pub(super) fn note(site: &'static Site) {
    WATCHED.with_borrow(|watched| {
        if let Some(watched) = watched {
            *watched.site() = Some(site);
        }
    });
}
