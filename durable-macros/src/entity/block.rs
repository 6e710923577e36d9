//! The `impl` block under the attribute, its methods kept as tokens.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use quote::quote;
use syn::Attribute;
use syn::Generics;
use syn::ImplItem;
use syn::Path;
use syn::PathArguments;
use syn::Token;
use syn::Type;
use syn::parse::Parse;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item::Function;

/// An `impl` block.
pub(super) struct ImplBlock {
    pub(super) attributes: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    impl_token: Token![impl],
    generics: Generics,
    of_trait: Option<(Path, Token![for])>,
    pub(super) ty: Type,
    pub(super) members: Vec<Member>,
}

/// What stands in a block.
pub(super) enum Member {
    Method(Box<Function>),
    Other(Box<ImplItem>),
}

impl Parse for ImplBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let has_generics = input.peek(Token![<]) && !input.peek2(Token![<]);
        let mut generics: Generics = if has_generics {
            input.parse()?
        } else {
            Generics::default()
        };
        let first: Type = input.parse()?;
        let (of_trait, ty) = match (input.parse::<Option<Token![for]>>()?, first) {
            (Some(keyword), Type::Path(path)) => (Some((path.path, keyword)), input.parse()?),
            (Some(keyword), _) => return Err(syn::Error::new(keyword.span, "expected a trait")),
            (None, ty) => (None, ty),
        };
        generics.where_clause = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(content.parse()?);
        }
        Ok(Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            of_trait,
            ty,
            members,
        })
    }
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        match ahead.call(method) {
            Ok(method) => {
                input.advance_to(&ahead);
                Ok(Self::Method(Box::new(method)))
            }
            Err(_) => Ok(Self::Other(Box::new(input.parse()?))),
        }
    }
}

fn method(input: ParseStream<'_>) -> syn::Result<Function> {
    Ok(Function {
        attributes: input.call(Attribute::parse_outer)?,
        visibility: input.parse()?,
        signature: input.parse()?,
        body: braces(input)?,
    })
}

fn braces(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if input.peek(syn::token::Brace) {
        return input.parse::<TokenTree>().map(ToTokens::into_token_stream);
    }
    Err(input.error("expected a body"))
}

impl ImplBlock {
    /// The name of the entity's type, where the block is that of one plain type.
    pub(super) fn name(&self) -> Option<&Ident> {
        let Type::Path(path) = &self.ty else {
            return None;
        };
        path.path.segments.last().map(|last| &last.ident)
    }

    /// Refuses what is not the block of one plain type, and says whether it is one.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) -> bool {
        let before = diagnostics.count();
        if let Some(unsafety) = &self.unsafety {
            diagnostics.rule(
                Rule::EntityBlock,
                unsafety,
                "the `impl` block of an entity cannot be `unsafe`",
                "remove `unsafe`",
            );
        }
        if let Some((of_trait, _)) = &self.of_trait {
            diagnostics.rule(
                Rule::EntityBlock,
                of_trait,
                "`#[entity]` cannot be used on the implementation of a trait",
                "put `#[entity]` on the type's own `impl` block, and implement the trait in \
                 another block",
            );
        }
        self.refuse_generics(diagnostics);
        diagnostics.count() == before
    }

    fn refuse_generics(&self, diagnostics: &mut Diagnostics) {
        let plain = |path: &Path| {
            let mut segments = path.segments.iter();
            segments.all(|segment| matches!(segment.arguments, PathArguments::None))
        };
        let what = "an entity cannot be generic: `durable` finds it by its name and key";
        let help = "write one entity for each type; it can contain a generic type";
        let has_parameters = !self.generics.params.is_empty();
        if has_parameters {
            diagnostics.rule(Rule::EntityBlock, &self.generics, what, help);
        } else if let Some(clause) = &self.generics.where_clause {
            diagnostics.rule(Rule::EntityBlock, clause, what, help);
        }
        match &self.ty {
            Type::Path(path) if path.qself.is_none() && plain(&path.path) => {}
            Type::Path(_) if has_parameters => {}
            Type::Path(path) => diagnostics.rule(Rule::EntityBlock, path, what, help),
            other => diagnostics.rule(
                Rule::EntityBlock,
                other,
                "an entity must be a struct or an enum",
                "put `#[entity]` on the `impl` block of a struct or an enum",
            ),
        }
    }

    /// The block around `members`.
    pub(super) fn around(&self, members: &TokenStream) -> TokenStream {
        let Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            ty,
            ..
        } = self;
        let of_trait = self.of_trait.as_ref();
        let of_trait = of_trait.map(|(of_trait, keyword)| quote!(#of_trait #keyword));
        let where_clause = &generics.where_clause;
        quote! {
            #(#attributes)*
            #unsafety #impl_token #generics #of_trait #ty #where_clause { #members }
        }
    }

    /// `signature` outside of the block: the entity's type in place of `Self`.
    pub(super) fn outside(&self, signature: &syn::Signature) -> syn::Signature {
        let mut signature = signature.clone();
        if let Type::Path(ty) = &self.ty {
            NoSelf(&ty.path).visit_signature_mut(&mut signature);
        }
        signature
    }
}

/// Puts a path in place of `Self`.
struct NoSelf<'a>(&'a Path);

impl VisitMut for NoSelf<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let is_self = path.segments.first().filter(|first| first.ident == "Self");
        let Some(first) = is_self.filter(|_| path.leading_colon.is_none()) else {
            return;
        };
        let at = first.ident.span();
        let mut whole = self.0.clone();
        for segment in &mut whole.segments {
            segment.ident.set_span(at);
        }
        whole.segments.extend(path.segments.iter().skip(1).cloned());
        *path = whole;
    }
}
