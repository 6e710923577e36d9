//! What `let` statements bind.

use proc_macro2::Ident;
use quote::format_ident;
use syn::Expr;
use syn::ExprReference;
use syn::FieldPat;
use syn::Lit;
use syn::Local;
use syn::Member;
use syn::Pat;
use syn::PatIdent;
use syn::Token;
use syn::Type;
use syn::parse_quote;
use syn::visit;
use syn::visit::Visit;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

/// A name that a pattern binds.
pub(super) struct Bound {
    pub(super) name: Ident,
    pub(super) mutable: bool,
    pub(super) by_reference: bool,
}

/// The names that `pattern` binds, each once, in the order of the source.
pub(super) fn bound(pattern: &Pat) -> Vec<Bound> {
    struct Names(Vec<Bound>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
            if is_binding(&pattern.ident) && self.0.iter().all(|b| b.name != pattern.ident) {
                self.0.push(Bound {
                    name: pattern.ident.clone(),
                    mutable: pattern.mutability.is_some(),
                    by_reference: pattern.by_ref.is_some(),
                });
            }
            visit::visit_pat_ident(self, pattern);
        }

        fn visit_expr(&mut self, _expression: &'ast Expr) {}
    }
    let mut names = Names(Vec::new());
    names.visit_pat(pattern);
    names.0
}

/// A name that begins with a capital letter is a constant or a unit variant.
pub(super) fn is_binding(name: &Ident) -> bool {
    !name
        .to_string()
        .trim_start_matches("r#")
        .starts_with(char::is_uppercase)
}

/// Where the value of a binding comes from, as far as the source shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing is known against it.
    Value,
    /// From a value that nothing else can hold a part of.
    Owned,
    /// Text in the program itself, which need not be saved.
    Text,
    Borrowed,
    Closure,
    /// There is no value yet.
    Nothing,
}

/// Where the values that `local` binds come from.
pub(super) fn origin(local: &Local) -> Origin {
    let is_name = matches!(plain(&local.pat), Pat::Ident(_));
    let Some(init) = &local.init else {
        return Origin::Nothing;
    };
    match &*init.expr {
        Expr::Lit(literal) if is_name && matches!(literal.lit, Lit::Str(_)) => Origin::Text,
        Expr::Reference(_) => Origin::Borrowed,
        Expr::Closure(_) if is_name => Origin::Closure,
        _ if is_reference(&local.pat) => Origin::Borrowed,
        init if may_borrow(init) => Origin::Value,
        _ => Origin::Owned,
    }
}

fn plain(pattern: &Pat) -> &Pat {
    match pattern {
        Pat::Type(typed) => plain(&typed.pat),
        other => other,
    }
}

fn is_reference(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Type(typed) if matches!(*typed.ty, Type::Reference(_)))
}

/// Whether the value may hold a part of something else: something is borrowed on the way, or may be.
fn may_borrow(init: &Expr) -> bool {
    struct Borrows(bool);
    impl<'ast> Visit<'ast> for Borrows {
        fn visit_expr_reference(&mut self, _reference: &'ast ExprReference) {
            self.0 = true;
        }

        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            self.0 |= matches!(
                &*call.receiver,
                Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::Unary(_)
            ) && call.method != "clone"
                && call.method != "to_owned"
                && call.method != "to_string";
            visit::visit_expr_method_call(self, call);
        }

        fn visit_expr_closure(&mut self, _closure: &'ast syn::ExprClosure) {
            self.0 = true;
        }
    }
    let mut borrows = Borrows(false);
    borrows.visit_expr(init);
    borrows.0
}

/// The name that stands for `name` until its value is moved to where the binding is declared.
pub(super) fn fresh(name: &Ident) -> Ident {
    // Underscores in a row are not snake case, so those that lead the name are counted.
    let text = name.to_string();
    let text = text.trim_start_matches("r#");
    let rest = text.trim_start_matches('_');
    match text.len() - rest.len() {
        0 => format_ident!("__new_{}", rest, span = name.span()),
        leading => format_ident!("__new{}_{}", leading, rest, span = name.span()),
    }
}

/// Has `pattern` bind [`fresh`] names instead of those in `names`.
pub(super) fn bind_fresh(pattern: &mut Pat, names: &[&Ident]) {
    struct Fresh<'a>(&'a [&'a Ident]);
    impl VisitMut for Fresh<'_> {
        fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
            if self.0.contains(&&pattern.ident) {
                pattern.ident = fresh(&pattern.ident);
                pattern.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, pattern);
        }

        fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
            if bound(&field.pat)
                .iter()
                .any(|bound| self.0.contains(&&bound.name))
            {
                spell_out(field);
            }
            visit_mut::visit_field_pat_mut(self, field);
        }

        fn visit_expr_mut(&mut self, _expression: &mut Expr) {}
    }
    Fresh(names).visit_pat_mut(pattern);
}

/// `{ name }` as `{ name: name }`, so that the two can differ.
pub(super) fn spell_out(field: &mut FieldPat) {
    if field.colon_token.is_none()
        && let Member::Named(_) = field.member
    {
        let colon: Token![:] = parse_quote!(:);
        field.colon_token = Some(colon);
    }
}
