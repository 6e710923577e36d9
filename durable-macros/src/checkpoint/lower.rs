//! From a body to one that can begin at the heads of its loops.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use quote::quote_spanned;
use syn::Block;
use syn::Expr;
use syn::Pat;
use syn::Stmt;
use syn::Token;
use syn::parse::ParseStream;
use syn::parse_quote;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;

use super::bindings::bind_fresh;
use super::bindings::bound;
use super::heads;
use super::heads::Sequence;
use super::heads::loop_of;
use super::mentions::Mentions;
use super::plan::Binding;
use super::plan::Plan;
use super::rename::Renames;
use super::rename::mentions;
use crate::body::generated;
use crate::diagnostics::Diagnostics;
use crate::item::seam;
use crate::item::seam_at;
use crate::numbers;

/// The option `checkpoint`, or `checkpoint = 64`.
pub(crate) struct Checkpoints {
    option: Ident,
    /// How many events gather before a checkpoint is taken.
    after: Option<u32>,
}

/// A statement of the body, or what a loop needs beside it.
pub(super) struct Piece {
    pub(super) statement: Stmt,
    /// The sequence of the `for` loop that this statement makes it for.
    pub(super) sequence: Option<Ident>,
    /// Which loop this is.
    pub(super) number: Option<usize>,
    pub(super) mentions: Mentions,
}

impl Checkpoints {
    /// Reads what follows the option's name.
    pub(crate) fn read(option: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        let after = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(numbers::count(input, "checkpoint")?)
        } else {
            None
        };
        let option = option.clone();
        Ok(Self { option, after })
    }

    /// Lowers `body`, the body of a function with `parameters`.
    pub(crate) fn lower(
        &self,
        body: &mut Block,
        parameters: &[Pat],
        diagnostics: &mut Diagnostics,
    ) {
        let is_item = |statement: &Stmt| matches!(statement, Stmt::Item(_));
        let (items, statements): (Vec<_>, Vec<_>) = body.stmts.iter().cloned().partition(is_item);
        if !statements
            .iter()
            .any(|statement| loop_of(statement).is_some())
        {
            return diagnostics.help(
                &self.option,
                "`checkpoint` needs a loop at the top level of this body: a checkpoint is taken \
                 at the head of a loop",
                "move the loop to the top level of the body, or remove `checkpoint`",
            );
        }
        let mut pieces = pieces(statements);
        let names = rename(&mut pieces, parameters);
        for piece in &mut pieces {
            piece.mentions = Mentions::of_piece(piece);
        }
        let plan = Plan::of(&pieces, names, parameters);
        if !plan.check(diagnostics) {
            return;
        }
        let lowering = Lowering {
            after: self.after,
            plan: &plan,
        };
        body.stmts = lowering.body(items, pieces);
    }
}

fn pieces(statements: Vec<Stmt>) -> Vec<Piece> {
    let piece = |statement| Piece {
        statement,
        sequence: None,
        number: None,
        mentions: Mentions::default(),
    };
    let mut pieces = Vec::new();
    let mut number = 0;
    for statement in statements {
        let Some(repeated) = loop_of(&statement) else {
            pieces.push(piece(statement));
            continue;
        };
        let sequence = heads::sequence(repeated, number);
        let end: Option<Stmt> = sequence.as_ref().map(|sequence| {
            let name = &sequence.name;
            parse_quote! { ::core::mem::drop(#name); }
        });
        if let Some(Sequence { name, statement }) = sequence {
            pieces.push(Piece {
                sequence: Some(name),
                ..piece(statement)
            });
        }
        pieces.push(Piece {
            number: Some(number),
            ..piece(statement)
        });
        pieces.extend(end.map(piece));
        number += 1;
    }
    pieces
}

impl Mentions {
    /// What a piece mentions; of a `for` loop not what it goes through, which another piece makes.
    fn of_piece(piece: &Piece) -> Self {
        match (&piece.statement, piece.number) {
            (Stmt::Expr(Expr::ForLoop(repeated), _), Some(number)) => {
                let sequence = heads::sequence_name(number, repeated.expr.span());
                let (pattern, body) = (&repeated.pat, &repeated.body);
                let rest: Expr = parse_quote!(for #pattern in &#sequence #body);
                Self::of_expression(&rest)
            }
            (statement, _) => Self::of_statement(statement),
        }
    }
}

/// Gives each binding made before the last loop a name that is not mentioned before it. Returns the
/// names under which they are saved, by the new names.
fn rename(pieces: &mut [Piece], parameters: &[Pat]) -> Vec<(Ident, String)> {
    let last = last_loop(pieces);
    let before: Vec<TokenStream> = pieces
        .iter()
        .map(|piece| piece.statement.to_token_stream())
        .collect();
    let parameters: Vec<_> = parameters.iter().flat_map(bound).collect();
    let mut renames = Renames::default();
    let mut names: Vec<(Ident, String)> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (at, piece) in pieces.iter_mut().enumerate() {
        let Stmt::Local(local) = &mut piece.statement else {
            renames.visit_stmt_mut(&mut piece.statement);
            continue;
        };
        let mut init = TokenStream::new();
        if let Some(value) = &mut local.init {
            init = value.expr.to_token_stream();
            renames.visit_expr_mut(&mut value.expr);
            if let Some((_, otherwise)) = &mut value.diverge {
                renames.visit_expr_mut(otherwise);
            }
        }
        for name in bound(&local.pat) {
            let name = name.name;
            let taken = parameters.iter().any(|parameter| parameter.name == name)
                || before[..at].iter().any(|tokens| mentions(tokens, &name))
                || mentions(&init, &name);
            renames.forget(&name);
            if at >= last || piece.sequence.is_some() {
                continue;
            }
            let text = name.to_string();
            let times = seen.iter().filter(|of| **of == text).count();
            let shown = match times {
                0 => text.clone(),
                again => format!("{text}#{}", again + 1),
            };
            seen.push(text);
            let new = if taken {
                unused(&name, &before, &names)
            } else {
                name.clone()
            };
            if taken {
                renames.set(&name, &new);
            }
            names.push((new, shown));
        }
        renames.visit_pat_mut(&mut local.pat);
    }
    names
}

/// A name like `name` that nobody mentions.
fn unused(name: &Ident, pieces: &[TokenStream], given: &[(Ident, String)]) -> Ident {
    let numbered = |number: usize| quote::format_ident!("{}_{}", name, number, span = name.span());
    let mentioned = |name: &Ident| {
        given.iter().any(|(known, _)| known == name)
            || pieces.iter().any(|tokens| mentions(tokens, name))
    };
    let mut number = 2;
    while mentioned(&numbered(number)) {
        number += 1;
    }
    numbered(number)
}

pub(super) fn last_loop(pieces: &[Piece]) -> usize {
    let last = pieces.iter().rposition(|piece| piece.number.is_some());
    last.unwrap_or(pieces.len())
}

/// The generated variables; hygienic, so that no name of the user's can be meant.
fn resumed() -> Ident {
    Ident::new("__resumed", Span::mixed_site())
}

fn loops() -> Ident {
    Ident::new("__LOOPS", Span::mixed_site())
}

struct Lowering<'a> {
    after: Option<u32>,
    plan: &'a Plan,
}

impl Lowering<'_> {
    fn body(&self, items: Vec<Stmt>, pieces: Vec<Piece>) -> Vec<Stmt> {
        let seam = seam();
        let (resumed, loops) = (resumed(), loops());
        let mut statements = items;
        statements.push(heads::verbatim(self.table(&pieces)));
        statements.push(heads::verbatim(quote! {
            use #seam::{KeepNothing as _, KeepRefused as _, KeepSaved as _};
        }));
        statements.push(heads::verbatim(
            quote!(let mut #resumed = #seam::resume(#loops).await;),
        ));
        let declared = self.plan.bindings.iter();
        statements.extend(
            declared
                .filter_map(Binding::declaration)
                .map(heads::verbatim),
        );
        let last = last_loop(&pieces);
        let mut before = Vec::new();
        for (at, mut piece) in pieces.into_iter().enumerate() {
            if let Some(number) = piece.number {
                before.extend(self.plan.kept_since(number).map(Binding::keep));
                let prologue = self.prologue(number, std::mem::take(&mut before));
                let head = self.head(number);
                heads::with_head(&mut piece.statement, head, number);
                before.push(prologue);
            }
            if at < last {
                before.extend(self.declared_outside(piece.statement));
            } else {
                before.push(piece.statement);
            }
        }
        statements.append(&mut before);
        statements
    }

    /// The table of the loop heads.
    fn table(&self, pieces: &[Piece]) -> TokenStream {
        let (seam, loops) = (seam(), loops());
        let heads = pieces.iter().filter_map(|piece| {
            let number = piece.number?;
            let repeated = loop_of(&piece.statement)?;
            let carried = self.plan.carried(number).map(|binding| &binding.shown);
            let kept = self.plan.kept(number).map(|binding| &binding.shown);
            let after = self.after.map(proc_macro2::Literal::u32_unsuffixed);
            let after = after.map_or_else(
                || quote!(::core::option::Option::None),
                |after| quote!(::core::option::Option::Some(#after)),
            );
            let place = quote_spanned! {repeated.span()=>
                (::core::file!(), ::core::line!(), ::core::column!())
            };
            let number = proc_macro2::Literal::usize_unsuffixed(number);
            Some(quote! {
                #seam::LoopHead::new(#number, #place, &[#(#carried),*], &[#(#kept),*], #after)
            })
        });
        quote!(const #loops: &[#seam::LoopHead] = &[#(#heads),*];)
    }

    /// What comes before loop `number`: what the source says, or the bindings of a checkpoint.
    fn prologue(&self, number: usize, mut before: Vec<Stmt>) -> Stmt {
        let resumed = resumed();
        // A tail expression would outlive the statements before it.
        if let Some(Stmt::Expr(expression, semicolon @ None)) = before.last_mut()
            && !matches!(expression, Expr::Verbatim(_))
        {
            *semicolon = Some(Token![;](Span::mixed_site()));
        }
        let carried = self.plan.carried(number).map(Binding::load);
        let constants = self.plan.constants(number).map(Binding::load);
        let kept = self.plan.kept(number).map(Binding::fetch);
        let literal = proc_macro2::Literal::usize_unsuffixed(number);
        let at = Span::mixed_site();
        Stmt::Expr(
            Expr::If(syn::ExprIf {
                attrs: Vec::new(),
                if_token: Token![if](at),
                cond: Box::new(Expr::Verbatim(quote!(!#resumed.is_at(#literal)))),
                then_branch: Block {
                    brace_token: syn::token::Brace(at),
                    stmts: before,
                },
                else_branch: Some((
                    Token![else](at),
                    Box::new(Expr::Verbatim(
                        quote!({ #(#carried)* #(#constants)* #(#kept)* }),
                    )),
                )),
            }),
            None,
        )
    }

    fn head(&self, number: usize) -> TokenStream {
        let (seam, loops) = (seam(), loops());
        let saving = Ident::new("__saving", Span::mixed_site());
        let carried = self
            .plan
            .carried(number)
            .map(|binding| binding.save(&saving));
        let kept = self.plan.kept(number).map(|binding| binding.save(&saving));
        let number = proc_macro2::Literal::usize_unsuffixed(number);
        quote! {
            if let ::core::option::Option::Some(mut #saving) =
                #seam::checkpoint_due(&#loops[#number])
            {
                #(#carried)*
                #(#kept)*
                #saving.take();
            }
        }
    }

    /// A statement whose bindings are declared outside: it makes their values, and they are moved
    /// there.
    fn declared_outside(&self, mut statement: Stmt) -> Vec<Stmt> {
        let Stmt::Local(local) = &mut statement else {
            return vec![statement];
        };
        let names = bound(&local.pat);
        let outside = names.iter().map(|bound| &bound.name);
        let outside: Vec<_> = outside.filter(|name| self.plan.is_outside(name)).collect();
        if local.init.is_none() {
            return Vec::from_iter(outside.is_empty().then_some(statement));
        }
        bind_fresh(&mut local.pat, &outside);
        let moves = outside.iter().map(|name| {
            let new = super::bindings::fresh(name);
            heads::verbatim(quote_spanned!(generated(name.span())=> #name = #new;))
        });
        let moves: Vec<_> = moves.collect();
        std::iter::once(statement).chain(moves).collect()
    }
}

impl Binding {
    /// Declares the binding without a value.
    fn declaration(&self) -> Option<TokenStream> {
        let (name, at) = (&self.name, generated(self.name.span()));
        if self.is_parameter() {
            return None;
        }
        if self.is_kept() {
            let (holder, seam) = (self.holder(), seam_at(at));
            return Some(quote_spanned!(at=> let mut #holder = #seam::Kept::default();));
        }
        let mutability = self.mutable.then(|| quote_spanned!(at=> mut));
        let ty = self.ty.as_ref().map(|ty| quote_spanned!(at=> : #ty));
        Some(quote_spanned!(at=> let #mutability #name #ty;))
    }

    /// Moves a kept binding to where it is held.
    fn keep(&self) -> Stmt {
        let (name, holder) = (&self.name, self.holder());
        heads::verbatim(quote_spanned! {generated(name.span())=>
            #holder.0 = ::core::option::Option::Some(#name);
        })
    }

    fn holder(&self) -> Ident {
        let at = Span::mixed_site().located_at(self.name.span());
        quote::format_ident!("__kept_{}", self.name, span = at)
    }

    fn save(&self, saving: &Ident) -> TokenStream {
        let (name, shown) = (&self.name, &self.shown);
        if self.is_kept() {
            let holder = self.holder();
            return quote_spanned!(name.span()=> (&&&#holder).keep(#shown, &mut #saving););
        }
        let seam = seam_at(name.span());
        quote_spanned!(name.span()=> #saving.carry(#shown, #seam::checkpoint_value(&#name));)
    }

    fn load(&self) -> TokenStream {
        let (name, shown, resumed) = (&self.name, &self.shown, resumed());
        let at = generated(name.span());
        let saved = || quote_spanned!(at=> #resumed.load(#shown).await);
        let value = self
            .text
            .as_ref()
            .map_or_else(saved, ToTokens::to_token_stream);
        quote_spanned!(at=> #name = #value;)
    }

    fn fetch(&self) -> TokenStream {
        let (shown, holder, resumed) = (&self.shown, self.holder(), resumed());
        quote_spanned! {generated(self.name.span())=>
            let __fetched = (&&&#holder).fetch(#shown, &mut #resumed);
            #holder = __fetched;
        }
    }
}
