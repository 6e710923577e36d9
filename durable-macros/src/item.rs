//! The function under an attribute, and the items that every such function becomes.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use quote::format_ident;
use quote::quote;
use quote::quote_spanned;
use syn::Attribute;
use syn::FnArg;
use syn::Visibility;
use syn::parse::Parse;
use syn::parse::ParseStream;
use syn::parse_quote;

use crate::determinism::Rule;
use crate::lints;
use crate::runtime_path;
use crate::signature::Parameter;
use crate::signature::Role;
use crate::signature::Signature;
use crate::states;
use crate::surroundings;
use crate::surroundings::Method;

/// A function whose body is kept as tokens.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: syn::Signature,
    /// The body with its braces.
    pub(crate) body: TokenStream,
}

impl Function {
    /// The parameters as they are written.
    pub(crate) fn inputs(&self) -> Vec<FnArg> {
        self.signature.inputs.iter().cloned().collect()
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: body(input)?,
        })
    }
}

fn body(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    // A method of a trait has none.
    if input.peek(syn::token::Brace) || input.peek(syn::Token![;]) {
        let body = input.parse::<TokenTree>()?.into_token_stream();
        if input.is_empty() {
            return Ok(body);
        }
    }
    Err(input.error("expected a function body with nothing after it"))
}

/// Reads the function under `attribute`, or what to emit in its place: the item as it was, and why
/// it cannot be used.
pub(crate) fn function(attribute: &str, item: &TokenStream) -> Result<Function, TokenStream> {
    let error = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => return Ok(function),
        // The compiler itself says best what is wrong with a broken function.
        Err(error) if looks_like_a_function(item) => error,
        Err(_) => Rule::Function.error(
            item,
            format_args!("`{attribute}` can only be used on a function"),
            "put it on an `async fn`",
        ),
    };
    Err(refused(item, &error))
}

/// What to emit in place of an item that cannot be used: the item as it was, and why.
pub(crate) fn refused(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#item #error)
}

/// What to emit in place of a method: the method as it was, and why it cannot be used. The items
/// that a function becomes cannot stand in an `impl`.
pub(crate) fn refuse_method(function: &Function, item: &TokenStream) -> Option<TokenStream> {
    let help = "make this a free function that takes what it needs as arguments";
    let error = match surroundings::method(function)? {
        Method::Receiver(receiver) => {
            let what = "a method cannot have this attribute: the runtime calls functions by name, \
                        without a `self`";
            Rule::Function.error(receiver, what, help)
        }
        Method::Promise => {
            let what = "a trait function cannot have this attribute: the runtime calls functions \
                        by name, and a trait function can have many bodies";
            let help = "put the attribute on a free function that calls the trait function";
            Rule::Function.error(&function.signature.ident, what, help)
        }
        Method::Associated => {
            let what = "a function in an `impl` block or a trait cannot have this attribute: the \
                        runtime calls functions by name";
            Rule::Function.error(&function.signature.ident, what, help)
        }
    };
    Some(refused(item, &error))
}

fn looks_like_a_function(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter();
    tokens.any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"))
}

/// The path of the one module that generated code names.
pub(crate) fn seam() -> TokenStream {
    let runtime = runtime_path::tokens();
    quote!(#runtime::__private)
}

/// That path, placed at `at`: what the compiler says of an expression that begins with it is said
/// there and not at the attribute.
pub(crate) fn seam_at(at: Span) -> TokenStream {
    let runtime = runtime_path::tokens_at(at);
    quote_spanned!(at=> #runtime::__private)
}

/// The parts that activities and orchestrators have in common.
pub(crate) struct Callable<'a> {
    pub(crate) function: &'a Function,
    pub(crate) signature: &'a Signature,
    /// What it is, for the documentation of generated items: "activity", say.
    pub(crate) kind: &'a str,
    /// Whether no mistake was found; else only the names are emitted, with empty insides.
    pub(crate) sound: bool,
}

impl Callable<'_> {
    pub(crate) fn name(&self) -> &Ident {
        &self.signature.name
    }

    fn arguments(&self) -> impl Iterator<Item = &Parameter> {
        self.signature.arguments()
    }

    /// The type that carries the function's name. Braced, so that it leaves the name free among
    /// values, where the call function stands.
    pub(crate) fn marker(&self) -> TokenStream {
        let (name, visibility) = (self.name(), &self.function.visibility);
        let doc = format!(" The {} [`{name}()`] as a type.", self.kind);
        let lints = lints::of_generated();
        quote! {
            #[doc = #doc]
            #[derive(::core::fmt::Debug)]
            #lints
            #[allow(non_camel_case_types)]
            #visibility struct #name {}
        }
    }

    /// The function that users call: it takes the arguments that are recorded, and returns `call`.
    pub(crate) fn call_function(&self, call: &TokenStream, make: &TokenStream) -> TokenStream {
        let (name, visibility) = (self.name(), &self.function.visibility);
        let generics = &self.function.signature.generics;
        let where_clause = &generics.where_clause;
        let docs = self.docs();
        let parameters = self.arguments().map(Parameter::declaration);
        let values = self.signature.argument_values();
        let (allowed, lints) = (self.allowed_in_vain(), lints::of_generated());
        quote! {
            #(#docs)*
            #[track_caller]
            #lints
            #allowed
            #visibility fn #name #generics (#(#parameters),*) -> #call<#name> #where_clause {
                #make::<#name>(#values)
            }
        }
    }

    /// The associated function with the user's body and parameters.
    pub(crate) fn run(&self, inputs: &[TokenStream], body: &TokenStream) -> TokenStream {
        let (name, visibility) = (self.name(), &self.function.visibility);
        let others = self.attributes(false);
        let signature = &self.function.signature;
        let (asyncness, output) = (&signature.asyncness, &signature.output);
        let (generics, where_clause) = (&signature.generics, &signature.generics.where_clause);
        let doc = format!(
            " Runs the body of the {} [`{name}()`] as a plain function.",
            self.kind
        );
        let run = Ident::new("run", name.span());
        let (allowed, lints) = (self.allowed_in_vain(), lints::around_a_body());
        quote! {
            #lints
            impl #name {
                #[doc = #doc]
                #(#others)*
                #allowed
                #visibility #asyncness fn #run #generics (#(#inputs),*) #output #where_clause #body
            }
        }
    }

    /// Its types as text.
    pub(crate) fn signature_types(&self) -> TokenStream {
        let arguments = self.arguments().map(|argument| &argument.ty);
        let types = states::signature(arguments, &self.function.signature.output);
        let names = self.signature.argument_names();
        quote!(#types.named(&[#(#names),*]))
    }

    /// Lists the function where an orchestrator that calls it is registered.
    pub(crate) fn listed(&self, list: &TokenStream) -> TokenStream {
        let (seam, name) = (seam(), self.name());
        quote! {
            impl #seam::Listed for #name {
                fn list(list: &mut #seam::CalleeList) {
                    #list
                }
            }
        }
    }

    /// After a mistake, what is not used because of it is not reported as well.
    pub(crate) fn allowed_in_vain(&self) -> Option<TokenStream> {
        (!self.sound).then(|| quote!(#[allow(unused)]))
    }

    fn docs(&self) -> Vec<Attribute> {
        let docs: Vec<_> = self.attributes(true).cloned().collect();
        if !docs.is_empty() {
            return docs;
        }
        let doc = format!(" Calls the {} `{}`.", self.kind, self.name());
        vec![parse_quote!(#[doc = #doc])]
    }

    /// The user's attributes: the documentation, or all others.
    fn attributes(&self, docs: bool) -> impl Iterator<Item = &Attribute> {
        let attributes = self.function.attributes.iter();
        attributes.filter(move |attribute| attribute.path().is_ident("doc") == docs)
    }
}

/// The values that the body's parameters get: arguments by name, the rest injected.
pub(crate) fn injected(parameter: &Parameter) -> TokenStream {
    match parameter.role {
        // One of another kind was refused.
        Role::Argument | Role::Foreign => parameter.name.to_token_stream(),
        Role::Context | Role::State => {
            let (seam, ty) = (seam(), &parameter.ty);
            quote!(#seam::inject::<#ty>(__scope)?)
        }
    }
}

/// The name of the client of an orchestrator: `ProcessOrderClient` for `process_order`.
pub(crate) fn client_name(name: &Ident) -> Ident {
    use syn::ext::IdentExt;
    let words = name.unraw().to_string();
    let camel: String = words.split('_').map(capitalised).collect();
    format_ident!("{camel}Client", span = name.span())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Asks the error whether it may go away by itself, if its type says so by `Retryable`.
pub(crate) fn probe_retryable() -> TokenStream {
    let seam = seam();
    quote! {
        use #seam::{RetryableError as _, UnknownError as _};
        (&#seam::ErrorProbe(error)).may_succeed_later()
    }
}
