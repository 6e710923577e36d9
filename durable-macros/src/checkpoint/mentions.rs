//! Which bindings a statement mentions, and whether it may move them.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use syn::Arm;
use syn::BinOp;
use syn::Block;
use syn::Expr;
use syn::Item;
use syn::Local;
use syn::Macro;
use syn::Pat;
use syn::Stmt;
use syn::visit;
use syn::visit::Visit;

use super::bindings::bound;
use super::captures::captured;
use crate::body::expressions_in;
use crate::body::selected;

/// How a binding is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention {
    /// Only borrowed, or given another value.
    Borrowed,
    /// Perhaps moved: whoever calls a method does not show whether that takes the value.
    PerhapsMoved,
}

/// The free names of a piece of code.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    found: BTreeMap<String, Mention>,
    hidden: Vec<String>,
}

impl Mentions {
    pub(super) fn of_statement(statement: &Stmt) -> Self {
        let mut mentions = Self::default();
        mentions.visit_stmt(statement);
        mentions
    }

    pub(super) fn of_expression(expression: &Expr) -> Self {
        let mut mentions = Self::default();
        mentions.visit_expr(expression);
        mentions
    }

    pub(super) fn of(&self, name: &str) -> Option<Mention> {
        self.found.get(name).copied()
    }

    fn mention(&mut self, name: String, how: Mention) {
        if !self.hidden.contains(&name) {
            let known = self.found.entry(name).or_insert(how);
            *known = how.max(*known);
        }
    }

    fn hide(&mut self, pattern: &Pat) {
        let names = bound(pattern).into_iter();
        self.hidden
            .extend(names.map(|bound| bound.name.to_string()));
    }

    /// What `inside` hides it hides only there.
    fn scope(&mut self, inside: impl FnOnce(&mut Self)) {
        let outside = self.hidden.len();
        inside(self);
        self.hidden.truncate(outside);
    }

    /// An expression that is used in its place: its root is not moved.
    fn borrowed(&mut self, place: &Expr) {
        match place {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.mention(name.to_string(), Mention::Borrowed);
                }
            }
            Expr::Field(field) => self.borrowed(&field.base),
            Expr::Paren(inner) => self.borrowed(&inner.expr),
            Expr::Index(index) => {
                self.borrowed(&index.expr);
                self.visit_expr(&index.index);
            }
            other => self.visit_expr(other),
        }
    }

    fn all_words(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(word) => self.mention(word.to_string(), Mention::PerhapsMoved),
                TokenTree::Group(group) => self.all_words(&group.stream()),
                _ => {}
            }
        }
    }
}

/// The macros that only look at their arguments.
const LOOKING: &[&str] = &[
    "format",
    "format_args",
    "print",
    "println",
    "eprint",
    "eprintln",
    "panic",
    "assert_eq",
    "assert_ne",
    "write",
    "writeln",
    "unreachable",
    "todo",
    "unimplemented",
];

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item(&mut self, _item: &'ast Item) {}

    fn visit_block(&mut self, block: &'ast Block) {
        self.scope(|inside| visit::visit_block(inside, block));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.visit_expr(&init.expr);
            if let Some((_, otherwise)) = &init.diverge {
                self.visit_expr(otherwise);
            }
        }
        self.hide(&local.pat);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.scope(|inside| {
            inside.hide(&arm.pat);
            visit::visit_arm(inside, arm);
        });
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.mention(name.to_string(), Mention::PerhapsMoved);
                }
            }
            Expr::Reference(reference) => self.borrowed(&reference.expr),
            Expr::Assign(assign) => {
                self.visit_expr(&assign.right);
                self.borrowed(&assign.left);
            }
            Expr::Binary(binary) if looks(&binary.op) => {
                self.borrowed(&binary.left);
                if changes(&binary.op) {
                    self.visit_expr(&binary.right);
                } else {
                    self.borrowed(&binary.right);
                }
            }
            Expr::Closure(closure) => self.scope(|inside| {
                closure.inputs.iter().for_each(|input| inside.hide(input));
                inside.visit_expr(&closure.body);
            }),
            // Bindings of a condition live in the block behind it.
            Expr::If(branches) => {
                self.scope(|inside| {
                    inside.visit_expr(&branches.cond);
                    inside.visit_block(&branches.then_branch);
                });
                if let Some((_, otherwise)) = &branches.else_branch {
                    self.visit_expr(otherwise);
                }
            }
            Expr::While(repeated) => self.scope(|inside| {
                inside.visit_expr(&repeated.cond);
                inside.visit_block(&repeated.body);
            }),
            Expr::Let(condition) => {
                self.visit_expr(&condition.expr);
                self.hide(&condition.pat);
            }
            Expr::ForLoop(repeated) => {
                self.visit_expr(&repeated.expr);
                self.scope(|inside| {
                    inside.hide(&repeated.pat);
                    inside.visit_block(&repeated.body);
                });
            }
            Expr::Struct(made) => {
                for field in &made.fields {
                    self.visit_expr(&field.expr);
                }
                if let Some(rest) = &made.rest {
                    self.visit_expr(rest);
                }
            }
            _ => visit::visit_expr(self, expression),
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        for name in captured(&call.tokens) {
            self.mention(name.to_string(), Mention::Borrowed);
        }
        let name = call.path.segments.last().map(|last| last.ident.to_string());
        let name = name.unwrap_or_default();
        if name == "select" || name == "select_biased" {
            for (pattern, future, body) in selected(call) {
                self.visit_expr(&future);
                self.scope(|inside| {
                    inside.hide(&pattern);
                    inside.visit_expr(&body);
                });
            }
            return;
        }
        let looking = LOOKING.contains(&name.as_str());
        let expressions = expressions_in(call);
        if !looking || expressions.is_empty() {
            // Whatever it does with its words.
            self.all_words(&call.tokens);
            return;
        }
        for (expression, _) in &expressions {
            self.borrowed(expression);
        }
    }
}

fn looks(op: &BinOp) -> bool {
    use BinOp::Eq;
    use BinOp::Ge;
    use BinOp::Gt;
    use BinOp::Le;
    use BinOp::Lt;
    use BinOp::Ne;
    matches!(op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_)) || changes(op)
}

fn changes(op: &BinOp) -> bool {
    use BinOp::AddAssign;
    use BinOp::BitAndAssign;
    use BinOp::BitOrAssign;
    use BinOp::BitXorAssign;
    use BinOp::DivAssign;
    use BinOp::MulAssign;
    use BinOp::RemAssign;
    use BinOp::ShlAssign;
    use BinOp::ShrAssign;
    use BinOp::SubAssign;
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}
