//! Loops that never end.

use syn::Expr;
use syn::ExprBreak;
use syn::ExprClosure;
use syn::ExprLit;
use syn::ExprMethodCall;
use syn::ExprReturn;
use syn::Item;
use syn::Lifetime;
use syn::Lit;
use syn::Macro;
use syn::visit;
use syn::visit::Visit;

use crate::body::expressions_in;

/// Whether `expression` is a loop without a way out: no `break`, no `return`, no new execution.
/// `?` is none, since a loop that ends with its first error is meant to go on.
pub(super) fn is_endless(expression: &Expr) -> bool {
    let body = match expression {
        Expr::Loop(endless) => &endless.body,
        Expr::While(endless) if is_true(&endless.cond) => &endless.body,
        Expr::ForLoop(endless) if is_open(&endless.expr) => &endless.body,
        _ => return false,
    };
    let mut exits = Exits {
        inner: Vec::new(),
        depth: 0,
        found: false,
    };
    exits.visit_block(body);
    !exits.found
}

fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) if value.value)
}

/// `0..`
fn is_open(sequence: &Expr) -> bool {
    match sequence {
        Expr::Range(range) => range.end.is_none(),
        Expr::Paren(inner) => is_open(&inner.expr),
        _ => false,
    }
}

/// The label of a loop or a block.
fn label(expression: &Expr) -> Option<Lifetime> {
    let label = match expression {
        Expr::Loop(inner) => &inner.label,
        Expr::While(inner) => &inner.label,
        Expr::ForLoop(inner) => &inner.label,
        Expr::Block(inner) => &inner.label,
        _ => return None,
    };
    label.as_ref().map(|label| label.name.clone())
}

/// Looks for a way out of a loop.
struct Exits {
    /// The labels of what is inside of the loop: leaving that does not leave the loop.
    inner: Vec<Lifetime>,
    /// How many loops stand between.
    depth: usize,
    found: bool,
}

impl<'ast> Visit<'ast> for Exits {
    fn visit_item(&mut self, _item: &'ast Item) {}
    fn visit_expr_closure(&mut self, _closure: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _block: &'ast syn::ExprAsync) {}

    fn visit_expr_return(&mut self, _returns: &'ast ExprReturn) {
        self.found = true;
    }

    fn visit_expr_break(&mut self, breaks: &'ast ExprBreak) {
        self.found |= match &breaks.label {
            None => self.depth == 0,
            Some(label) => !self.inner.contains(label),
        };
        visit::visit_expr_break(self, breaks);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.found |= call.method == "continue_as_new";
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        let is_loop = matches!(
            expression,
            Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_)
        );
        let before = self.inner.len();
        self.inner.extend(label(expression));
        self.depth += usize::from(is_loop);
        visit::visit_expr(self, expression);
        self.depth -= usize::from(is_loop);
        self.inner.truncate(before);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let last = call.path.segments.last();
        self.found |= last.is_some_and(|name| name.ident == "bail" || name.ident == "ensure");
        for (expression, _) in expressions_in(call) {
            Visit::visit_expr(self, &expression);
        }
    }
}
