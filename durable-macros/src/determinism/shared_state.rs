//! Statics, thread-locals and atomics, where the body uses them.

use syn::Expr;
use syn::ExprMethodCall;
use syn::ItemStatic;
use syn::Path;
use syn::StaticMutability;
use syn::Type;
use syn::visit::Visit;

/// Types that change behind a shared reference.
const CHANGING: &[&str] = &[
    "Mutex",
    "RwLock",
    "OnceLock",
    "OnceCell",
    "LazyLock",
    "LazyCell",
    "Lazy",
    "Cell",
    "RefCell",
    "UnsafeCell",
    "SyncUnsafeCell",
    "DashMap",
    "ArcSwap",
    "Condvar",
];

/// Methods that read or change a static behind a shared reference.
const ACCESSING: &[&str] = &[
    "lock",
    "try_lock",
    "lock_arc",
    "blocking_lock",
    "with_borrow",
    "with_borrow_mut",
    "get_or_init",
    "get_mut_or_init",
];

/// The orderings of atomics; those of comparisons are others.
const ORDERINGS: &[&str] = &["Relaxed", "Release", "Acquire", "AcqRel", "SeqCst"];

/// Whether a static can change while the program runs.
pub(super) fn changes(item: &ItemStatic) -> bool {
    !matches!(item.mutability, StaticMutability::None) || mentions_changing(&item.ty)
}

fn mentions_changing(ty: &Type) -> bool {
    struct Mentions(bool);
    impl<'ast> Visit<'ast> for Mentions {
        fn visit_path(&mut self, path: &'ast Path) {
            let last = path.segments.last().map(|last| last.ident.to_string());
            let name = last.unwrap_or_default();
            self.0 |= CHANGING.contains(&name.as_str()) || name.starts_with("Atomic");
            syn::visit::visit_path(self, path);
        }
    }
    let mut mentions = Mentions(false);
    mentions.visit_type(ty);
    mentions.0
}

/// Whether `call` reads or changes an atomic, a static or a thread-local.
pub(super) fn accesses(call: &ExprMethodCall) -> bool {
    let ordered = call.args.iter().any(is_ordering);
    let method = call.method.to_string();
    let of_a_static = is_static(&call.receiver) && ACCESSING.contains(&method.as_str());
    let of_a_thread = is_static(&call.receiver)
        && method == "with"
        && matches!(call.args.first(), Some(Expr::Closure(_)));
    ordered || of_a_static || of_a_thread
}

/// `Ordering::SeqCst`.
fn is_ordering(argument: &Expr) -> bool {
    let Expr::Path(path) = argument else {
        return false;
    };
    let mut names = path.path.segments.iter().rev().map(|s| s.ident.to_string());
    let ordering = names
        .next()
        .is_some_and(|name| ORDERINGS.contains(&name.as_str()));
    ordering && names.next().is_some_and(|name| name == "Ordering")
}

/// `COUNTER`: by its capitals a static or a constant, and constants do not change.
fn is_static(receiver: &Expr) -> bool {
    let Expr::Path(path) = receiver else {
        return false;
    };
    let last = path.path.segments.last().map(|last| last.ident.to_string());
    last.is_some_and(|name| {
        let capital = |c: char| c.is_uppercase() || c.is_numeric() || c == '_';
        name.chars().all(capital) && name.contains(char::is_uppercase)
    })
}
