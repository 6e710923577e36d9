//! Whether something is iterated in the order of a hash table.

use syn::Expr;
use syn::ExprMethodCall;
use syn::GenericArgument;
use syn::Local;
use syn::Pat;
use syn::Path;
use syn::PathArguments;
use syn::Type;

use super::scope::Resolved;
use super::scope::Scope;
use crate::signature::last_segment;

/// In which order a variable's items come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// In that of a hash table with random keys.
    Hashed,
    /// In another, or it is not known.
    Other,
}

/// Types with random keys; a third argument (of a set: a second) is a hasher of the user's.
const HASHED: &[(&str, usize)] = &[
    ("HashMap", 2),
    ("HashSet", 1),
    ("DashMap", 2),
    ("DashSet", 1),
    ("AHashMap", 2),
    ("AHashSet", 1),
];

/// Functions that make one of them.
const CONSTRUCTORS: &[&str] = &["new", "with_capacity", "from", "default", "from_iter"];

/// Methods that yield items in the table's order.
const ITERATING: &[&str] = &[
    "iter",
    "iter_mut",
    "into_iter",
    "keys",
    "into_keys",
    "values",
    "values_mut",
    "into_values",
    "drain",
    "extract_if",
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
];

/// Methods at the end of a chain for which the order does not matter.
const INDIFFERENT: &[&str] = &["count", "len", "all", "any", "is_empty", "contains"];

/// Collections that bring an order of their own, or have none either.
const REORDERING: &[&str] = &["BTreeMap", "BTreeSet", "BinaryHeap", "HashMap", "HashSet"];

/// Methods that leave a table what it is.
const KEEPING: &[&str] = &[
    "clone",
    "as_ref",
    "as_mut",
    "to_owned",
    "borrow",
    "unwrap_or_default",
];

/// The order of a value of type `ty`.
pub(super) fn of_type(ty: &Type, scope: &Scope) -> Order {
    match ty {
        Type::Reference(reference) => of_type(&reference.elem, scope),
        Type::Paren(inner) => of_type(&inner.elem, scope),
        Type::Group(inner) => of_type(&inner.elem, scope),
        Type::Path(path) if path.qself.is_none() => of_path(&path.path, scope),
        _ => Order::Other,
    }
}

fn of_path(path: &Path, scope: &Scope) -> Order {
    let Some(last) = path.segments.last() else {
        return Order::Other;
    };
    let Resolved::Foreign(full) = scope.resolve(path) else {
        return Order::Other;
    };
    // An import may give the type another name.
    let name = match full.first().and_then(|words| words.last()) {
        Some(name) if path.segments.len() == 1 => name.clone(),
        _ => last.ident.to_string(),
    };
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.len(),
        _ => 0,
    };
    let hashed = HASHED
        .iter()
        .any(|(known, most)| name == *known && arguments <= *most);
    if hashed { Order::Hashed } else { Order::Other }
}

/// The order of the items of `expression`.
pub(super) fn of_expression(expression: &Expr, scope: &Scope) -> Order {
    match expression {
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) => scope.variable(&name.to_string()).unwrap_or(Order::Other),
            None => Order::Other,
        },
        Expr::Reference(inner) => of_expression(&inner.expr, scope),
        Expr::Paren(inner) => of_expression(&inner.expr, scope),
        Expr::Group(inner) => of_expression(&inner.expr, scope),
        Expr::Unary(inner) => of_expression(&inner.expr, scope),
        Expr::Call(call) => constructed(&call.func, scope),
        Expr::MethodCall(call) if call.method == "collect" => turbofish(call, scope),
        Expr::MethodCall(call) if is_one_of(call, KEEPING) => of_expression(&call.receiver, scope),
        _ => Order::Other,
    }
}

fn constructed(function: &Expr, scope: &Scope) -> Order {
    let Expr::Path(function) = function else {
        return Order::Other;
    };
    let mut path = function.path.clone();
    let Some(name) = path.segments.pop() else {
        return Order::Other;
    };
    path.segments.pop_punct();
    let constructs = CONSTRUCTORS.iter().any(|known| name.ident == known);
    if constructs && !path.segments.is_empty() {
        of_path(&path, scope)
    } else {
        Order::Other
    }
}

/// `collect::<HashMap<_, _>>()`.
fn turbofish(call: &ExprMethodCall, scope: &Scope) -> Order {
    type_argument(call).map_or(Order::Other, |ty| of_type(ty, scope))
}

fn type_argument(call: &ExprMethodCall) -> Option<&Type> {
    let mut arguments = call.turbofish.iter().flat_map(|turbofish| &turbofish.args);
    arguments.find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether `call` iterates a hash table.
pub(super) fn iterates(call: &ExprMethodCall, scope: &Scope) -> bool {
    is_one_of(call, ITERATING) && of_expression(&call.receiver, scope) == Order::Hashed
}

/// Whether the order of what `call` yields at the end does not matter.
pub(super) fn is_indifferent(call: &ExprMethodCall) -> bool {
    if call.method == "collect" {
        return type_argument(call).is_some_and(reorders);
    }
    is_one_of(call, INDIFFERENT)
}

/// Whether a `let` with a type collects into one that has its own order.
pub(super) fn is_reordered(local: &Local) -> bool {
    let collects = local.init.as_ref().is_some_and(
        |init| matches!(&*init.expr, Expr::MethodCall(call) if call.method == "collect"),
    );
    collects && matches!(&local.pat, Pat::Type(typed) if reorders(&typed.ty))
}

fn reorders(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| REORDERING.iter().any(|known| last.ident == known))
}

fn is_one_of(call: &ExprMethodCall, methods: &[&str]) -> bool {
    methods.iter().any(|known| call.method == known)
}
