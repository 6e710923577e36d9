//! What an orchestrator calls, as far as its source shows.
//!
//! A macro cannot know which of the called names are activities, so the candidates are resolved by
//! the compiler: each name is looked up as a type in the module where the call would find it, with
//! a fallback of the same name behind it. Where the name is that of an activity, an orchestrator or
//! an inline helper, its type lists itself; the fallback, and any other type, lists nothing.
//!
//! A candidate is the root of something durable (awaited, joined, selected, spawned, started), not
//! any called function: a plain function may share its name with a module, which no fallback can
//! stand behind.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use syn::Block;
use syn::Expr;
use syn::Item;
use syn::Local;
use syn::Macro;
use syn::Pat;
use syn::PatIdent;
use syn::Path;
use syn::visit;
use syn::visit::Visit;

use crate::body::expressions_in;
use crate::item::seam;
use crate::states::path_text;

/// The paths that may be callees, each once.
#[derive(Default)]
pub(crate) struct Candidates(Vec<Path>);

/// Methods whose receiver is still the call.
pub(crate) const MODIFIERS: &[&str] = &[
    "retry",
    "retry_with",
    "timeout",
    "queue",
    "label",
    "after",
    "id",
    "spawn",
    "boxed_durable",
    "boxed",
    "fuse",
    "map",
    "map_ok",
    "map_err",
    "then",
    "and_then",
    "or_else",
    "left_future",
    "right_future",
    "into_future",
];

/// Functions and methods that take durable futures.
pub(crate) const COMBINATORS: &[&str] = &[
    "join_all",
    "try_join_all",
    "select_all",
    "select_ok",
    "select",
    "try_select",
    "join",
    "join3",
    "join4",
    "join5",
    "try_join",
    "try_join3",
    "try_join4",
    "try_join5",
    "start_detached",
    "push",
    "push_back",
    "push_front",
    "iter",
    "into_iter",
    "shielded",
    "abortable",
    "from_iter",
];

/// Types that have functions of their own, and are no modules.
const PRIMITIVES: &[&str] = &[
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f32", "f64",
];

/// Methods of iterators and streams that leave the items what they are.
pub(crate) const PASSING: &[&str] = &[
    "collect",
    "into_iter",
    "iter",
    "iter_mut",
    "chain",
    "rev",
    "take",
    "skip",
    "filter",
    "enumerate",
    "buffered",
    "buffer_unordered",
    "flatten",
    "cloned",
    "next",
    "try_collect",
];

impl Candidates {
    /// Reads the candidates of `block`, the body of a function with `parameters`.
    pub(crate) fn of(block: &Block, parameters: &[Pat]) -> Self {
        let names = Names::of(block, parameters);
        let mut roots = Roots {
            names: &names,
            found: Vec::new(),
        };
        roots.visit_block(block);
        let mut seen = BTreeSet::new();
        roots.found.retain(|path| {
            let can_be = match entity_of(path) {
                Some(entity) => names.can_be_entity(&entity),
                None => names.can_be_callee(path),
            };
            can_be && seen.insert(path.to_token_stream().to_string())
        });
        let found = roots.found.into_iter();
        Self(found.map(|path| entity_of(&path).unwrap_or(path)).collect())
    }

    /// The body of a function that lists the callees into `list`.
    pub(crate) fn listing(&self) -> TokenStream {
        if self.0.is_empty() {
            return quote!(let _ = list;);
        }
        let seam = seam();
        let names: BTreeSet<&Ident> = self.0.iter().filter_map(last_name).collect();
        let probes = self.0.iter().map(probe);
        quote! {
            #[allow(non_camel_case_types)]
            mod __fallback { #(pub struct #names {})* }
            use #seam::{ListedCallee as _, UnlistedCallee as _};
            #(#probes)*
        }
    }
}

/// A block that looks `path` up. The innermost glob import wins over the fallback around it.
fn probe(path: &Path) -> TokenStream {
    let seam = seam();
    let Some(name) = last_name(path) else {
        return TokenStream::new();
    };
    let (alias, module) = module_of(path);
    let text = path_text(path);
    quote! {
        #[allow(unused_imports)]
        {
            #alias
            {
                use __fallback::*;
                {
                    use #module::*;
                    list.at(#text);
                    (&#seam::CalleeProbe::<#name>::new()).list(list);
                }
            }
        }
    }
}

/// The module that a path's name is looked up in. It gets an alias outside of the fallback, which
/// may hold a name like its own.
fn module_of(path: &Path) -> (TokenStream, TokenStream) {
    let (leading, segments) = (&path.leading_colon, &path.segments);
    let prefix: Vec<_> = segments
        .iter()
        .take(segments.len() - 1)
        .map(|s| &s.ident)
        .collect();
    match prefix.as_slice() {
        [] => (TokenStream::new(), quote!(self)),
        all if all.iter().all(|word| is_anchor(word)) => {
            (TokenStream::new(), quote!(#(#prefix)::*))
        }
        _ => (
            quote!(use #leading #(#prefix)::* as __module;),
            quote!(__module),
        ),
    }
}

fn is_anchor(word: &Ident) -> bool {
    ["self", "super", "crate"]
        .iter()
        .any(|anchor| word == anchor)
}

fn last_name(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// The names that mean something of the body's own.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) bound: BTreeSet<Ident>,
    /// Whether the body imports or declares modules: a relative path may then lead anywhere.
    has_modules: bool,
    /// Bindings that are awaited or given to a combinator somewhere.
    pub(crate) awaited: BTreeSet<Ident>,
}

impl Names {
    /// The names in `block`, the body of a function with `parameters`.
    pub(crate) fn of(block: &Block, parameters: &[Pat]) -> Self {
        let mut names = Self::default();
        for pattern in parameters {
            names.visit_pat(pattern);
        }
        names.visit_block(block);
        names
    }

    fn can_be_callee(&self, path: &Path) -> bool {
        let plain = path
            .segments
            .iter()
            .all(|segment| segment.arguments.is_none());
        let words: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
        if !plain || words.iter().any(|word| is_type_name(word)) {
            return false;
        }
        match words.as_slice() {
            [] => false,
            [name] => {
                !self.bound.contains(*name) && !COMBINATORS.iter().any(|known| **name == known)
            }
            // `charge_card::run` names a type, not a module.
            [.., last] if *last == "run" => false,
            // `u64::from`
            [first, ..] if PRIMITIVES.iter().any(|name| **first == name) => false,
            [first, ..] => is_anchor(first) || !self.has_modules,
        }
    }
}

impl Names {
    /// Whether `path` is a type that can be looked up in the module.
    fn can_be_entity(&self, path: &Path) -> bool {
        let plain = |segment: &syn::PathSegment| segment.arguments.is_none();
        let mut modules = path.segments.iter().take(path.segments.len() - 1);
        let first = path.segments.first().map(|first| &first.ident);
        let is_reached = first
            .is_some_and(|first| path.segments.len() == 1 || is_anchor(first) || !self.has_modules);
        path.segments.iter().all(plain)
            && modules.all(|module| !is_type_name(&module.ident))
            && is_reached
            && first.is_some_and(|first| first != "Self")
    }
}

/// The `Account` of `Account::at`.
fn entity_of(path: &Path) -> Option<Path> {
    let mut names = path.segments.iter().rev();
    let (at, entity) = (names.next()?, names.next()?);
    if at.ident != "at" || !is_type_name(&entity.ident) {
        return None;
    }
    let mut ty = path.clone();
    ty.segments.pop();
    ty.segments.pop_punct();
    Some(ty)
}

fn is_type_name(word: &Ident) -> bool {
    !word
        .to_string()
        .starts_with(|c: char| c.is_lowercase() || c == '_')
}

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.bound.insert(pattern.ident.clone());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        let names_modules = matches!(
            item,
            Item::Use(_) | Item::Mod(_) | Item::ExternCrate(_) | Item::Macro(_)
        );
        self.has_modules |= names_modules;
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Await(awaited) => self.awaited.extend(mentioned(&awaited.base)),
            Expr::Call(call) if is_combinator(&call.func) => {
                self.awaited.extend(call.args.iter().flat_map(mentioned));
            }
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        for (expression, durable) in expressions_in(call) {
            if durable {
                self.awaited.extend(mentioned(&expression));
            }
            // The expressions live no longer than this call, so they are walked by a fresh visitor.
            let mut inner = Names::default();
            inner.visit_expr(&expression);
            self.bound.extend(inner.bound);
            self.awaited.extend(inner.awaited);
            self.has_modules |= inner.has_modules;
        }
    }
}

/// The single names in an expression.
pub(crate) fn mentioned(expression: &Expr) -> Vec<Ident> {
    struct Mentioned(Vec<Ident>);
    impl<'ast> Visit<'ast> for Mentioned {
        fn visit_path(&mut self, path: &'ast Path) {
            self.0.extend(path.get_ident().cloned());
        }
    }
    let mut mentioned = Mentioned(Vec::new());
    mentioned.visit_expr(expression);
    mentioned.0
}

/// Collects the roots of what is durable.
struct Roots<'a> {
    names: &'a Names,
    found: Vec<Path>,
}

impl Roots<'_> {
    /// Takes what `expression` is, or yields, as called.
    fn root(&mut self, expression: &Expr) {
        match expression {
            Expr::Call(call) => self.called(&call.func, &call.args),
            Expr::MethodCall(call) if is_one_of(&call.method, MODIFIERS) => {
                self.root(&call.receiver);
                call.args.iter().for_each(|argument| self.closure(argument));
            }
            Expr::MethodCall(call) if is_one_of(&call.method, PASSING) => {
                self.root(&call.receiver);
                call.args.iter().for_each(|argument| self.root(argument));
            }
            Expr::MethodCall(call) if is_one_of(&call.method, COMBINATORS) => {
                call.args.iter().for_each(|argument| self.root(argument));
            }
            Expr::MethodCall(call) => self.entity(&call.receiver),
            Expr::Try(inner) => self.root(&inner.expr),
            Expr::Paren(inner) => self.root(&inner.expr),
            Expr::Group(inner) => self.root(&inner.expr),
            Expr::Reference(inner) => self.root(&inner.expr),
            Expr::Array(list) => list.elems.iter().for_each(|element| self.root(element)),
            Expr::Tuple(list) => list.elems.iter().for_each(|element| self.root(element)),
            Expr::Repeat(list) => self.root(&list.expr),
            Expr::Closure(closure) => self.root(&closure.body),
            Expr::Block(block) => self.tail(&block.block),
            Expr::If(branches) => {
                self.tail(&branches.then_branch);
                branches
                    .else_branch
                    .iter()
                    .for_each(|(_, otherwise)| self.root(otherwise));
            }
            Expr::Match(arms) => arms.arms.iter().for_each(|arm| self.root(&arm.body)),
            Expr::Macro(call) => {
                for (expression, _) in expressions_in(&call.mac) {
                    self.root(&expression);
                }
            }
            _ => {}
        }
    }

    /// Takes `receiver`, whose method is awaited, as an entity if it is `T::at(key)`.
    fn entity(&mut self, receiver: &Expr) {
        match receiver {
            Expr::Paren(inner) => self.entity(&inner.expr),
            Expr::Reference(inner) => self.entity(&inner.expr),
            Expr::Call(call) => {
                if let Expr::Path(function) = &*call.func
                    && function.qself.is_none()
                    && entity_of(&function.path).is_some()
                {
                    self.found.push(function.path.clone());
                }
            }
            _ => {}
        }
    }

    /// What a method like `map` is given: a closure, or `Account::at` itself.
    fn closure(&mut self, argument: &Expr) {
        match argument {
            Expr::Closure(closure) => self.root(&closure.body),
            Expr::Path(function)
                if function.qself.is_none() && entity_of(&function.path).is_some() =>
            {
                self.found.push(function.path.clone());
            }
            _ => {}
        }
    }

    fn tail(&mut self, block: &Block) {
        if let Some(syn::Stmt::Expr(expression, None)) = block.stmts.last() {
            self.root(expression);
        }
    }

    fn called<'e>(&mut self, function: &Expr, arguments: impl IntoIterator<Item = &'e Expr>) {
        if is_combinator(function) {
            arguments
                .into_iter()
                .for_each(|argument| self.root(argument));
        } else if let Expr::Path(path) = function
            && path.qself.is_none()
        {
            self.found.push(path.path.clone());
        }
    }
}

impl<'ast> Visit<'ast> for Roots<'_> {
    fn visit_item(&mut self, _item: &'ast Item) {}

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Await(awaited) => self.root(&awaited.base),
            Expr::MethodCall(call) if call.method == "spawn" => self.root(&call.receiver),
            Expr::MethodCall(call) if is_one_of(&call.method, COMBINATORS) => {
                call.args.iter().for_each(|argument| self.root(argument));
            }
            Expr::Call(call) if is_combinator(&call.func) => {
                call.args.iter().for_each(|argument| self.root(argument));
            }
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let mut bound = Names::default();
        bound.visit_pat(&local.pat);
        if let Some(init) = &local.init
            && bound
                .bound
                .iter()
                .any(|name| self.names.awaited.contains(name))
        {
            self.root(&init.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        for (expression, durable) in expressions_in(call) {
            if durable {
                self.root(&expression);
            }
            let mut inner = Roots {
                names: self.names,
                found: Vec::new(),
            };
            inner.visit_expr(&expression);
            self.found.append(&mut inner.found);
        }
    }
}

pub(crate) fn is_combinator(function: &Expr) -> bool {
    match function {
        Expr::Path(path) => last_name(&path.path).is_some_and(|name| is_one_of(name, COMBINATORS)),
        _ => false,
    }
}

pub(crate) fn is_one_of(name: &Ident, known: &[&str]) -> bool {
    known.iter().any(|known| name == known)
}
