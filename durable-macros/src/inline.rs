//! `#[orchestrator(inline)]`: an async function into one that returns a `DurableBox`, so that it
//! can be awaited in an orchestrator, and call itself.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::format_ident;
use quote::quote;
use syn::FnArg;
use syn::GenericParam;
use syn::Generics;
use syn::Lifetime;
use syn::LifetimeParam;
use syn::Pat;
use syn::Receiver;
use syn::ReceiverKind;
use syn::ReturnType;
use syn::Type;
use syn::TypeImplTrait;
use syn::TypeReference;
use syn::parse_quote;
use syn::visit::Visit;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use crate::body::Rewritten;
use crate::body::generated;
use crate::body::rewrite;
use crate::debug;
use crate::determinism;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::item::Function;
use crate::lints;
use crate::orchestrator::CONTEXT;
use crate::orchestrator::check_asyncness;
use crate::signature::ForeignContext;
use crate::signature::foreign_context;
use crate::signature::last_segment;
use crate::signature::referent;
use crate::signature::refuse_configured;
use crate::states;
use crate::surroundings::names_self;

/// Expands the helper `function`.
pub(crate) fn expand(function: &Function, mut diagnostics: Diagnostics) -> TokenStream {
    check_asyncness(function, &mut diagnostics);
    check_context(function, &mut diagnostics);
    refuse_configured(&function.signature.inputs, &mut diagnostics);
    let table = quote!(__DURABLE_SITES);
    if is_declaration(function) {
        let declaration = emit_declaration(function);
        let errors = diagnostics.into_compile_errors();
        return quote!(#declaration #errors);
    }
    let patterns = patterns(function);
    let checked = determinism::check(
        &determinism::Body {
            tokens: &function.body,
            inputs: &function.inputs(),
            checkpoints: false,
            of: determinism::Of::Orchestrator,
        },
        &mut diagnostics,
    );
    let rewritten = rewrite(&checked, &table, &patterns, &mut diagnostics);
    let helper = emit_function(function, &rewritten);
    let listed = emit_listed(function, &rewritten);
    let expansion = quote!(#helper #listed);
    debug::print(&function.signature.ident, &expansion);
    let errors = diagnostics.into_compile_errors();
    quote!(#expansion #errors)
}

fn check_context(function: &Function, diagnostics: &mut Diagnostics) {
    let signature = &function.signature;
    let owned = signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => {
            let is_context = last_segment(&typed.ty).is_some_and(|last| last.ident == CONTEXT);
            is_context.then_some(&typed.ty)
        }
        FnArg::Receiver(_) => None,
    });
    if let Some(owned) = owned {
        diagnostics.rule(
            Rule::Context,
            owned,
            "the context must be borrowed with `&`: it cannot outlive the orchestration's turn",
            "write `&OrchestrationContext`",
        );
    } else if let Some((foreign, problem)) = signature.inputs.iter().find_map(foreign_context_in) {
        diagnostics.rule(Rule::Context, foreign, problem.what, problem.help);
    } else if !signature.inputs.iter().any(takes_context) {
        diagnostics.rule(
            Rule::Context,
            &signature.ident,
            "an inline helper must take its caller's context",
            "add the parameter `ctx: &OrchestrationContext`",
        );
    }
}

fn takes_context(input: &FnArg) -> bool {
    match input {
        FnArg::Typed(typed) => {
            last_segment(referent(&typed.ty)).is_some_and(|last| last.ident == CONTEXT)
        }
        FnArg::Receiver(_) => false,
    }
}

fn foreign_context_in(input: &FnArg) -> Option<(&Type, ForeignContext)> {
    match input {
        FnArg::Typed(typed) => Some((&*typed.ty, foreign_context(&typed.ty, CONTEXT)?)),
        FnArg::Receiver(_) => None,
    }
}

fn patterns(function: &Function) -> Vec<Pat> {
    let inputs = function.signature.inputs.iter();
    inputs
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some((*typed.pat).clone()),
            FnArg::Receiver(_) => None,
        })
        .collect()
}

/// Whether the helper is declared in a trait and defined elsewhere.
fn is_declaration(function: &Function) -> bool {
    function.body.to_string() == ";"
}

fn emit_declaration(function: &Function) -> TokenStream {
    let mut signature = function.signature.clone();
    let header = emit_header(function, &mut signature).header;
    quote!(#header;)
}

fn emit_function(function: &Function, rewritten: &Rewritten) -> TokenStream {
    // What the future cannot hold is told at the helper's name.
    let seam = item::seam_at(generated(function.signature.ident.span()));
    let mut signature = function.signature.clone();
    let arguments = take_arguments(&mut signature);
    let Header { header, output } = emit_header(function, &mut signature);
    let (typed, body) = typed_body(&output, &rewritten.body);
    let sites = &rewritten.sites;
    quote! {
        #header {
            const __DURABLE_SITES: &[#seam::Site] = #sites;
            #seam::DurableBox::new(async move { #typed #(#arguments)* #body })
        }
    }
}

/// Tells the compiler the type that the body returns, so that it coerces as an `async fn` does: a
/// block has that of what it returns first. Nothing is to be said of `()`, and nothing can be said of
/// `impl Trait`.
fn typed_body(output: &ReturnType, body: &TokenStream) -> (Option<TokenStream>, TokenStream) {
    let ty = match output {
        ReturnType::Type(_, ty) if !is_impl_trait(ty) => ty,
        _ => return (None, body.clone()),
    };
    let first = quote! {
        if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<#ty> {
            #[allow(unreachable_code)]
            return __returned;
        }
    };
    let last = quote! {
        let __returned: #ty = #body;
        #[allow(unreachable_code)]
        __returned
    };
    (Some(first), last)
}

fn is_impl_trait(ty: &Type) -> bool {
    struct Found(bool);

    impl<'ast> Visit<'ast> for Found {
        fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

/// What stands before the body, and what the body returns.
struct Header {
    header: TokenStream,
    output: ReturnType,
}

/// All that stands before the body: the signature of a plain function that returns a `DurableBox`.
fn emit_header(function: &Function, signature: &mut syn::Signature) -> Header {
    let seam = item::seam();
    let (attributes, visibility) = (&function.attributes, &function.visibility);
    signature.asyncness = None;
    name_lifetimes(signature);
    let output = std::mem::replace(&mut signature.output, ReturnType::Default);
    let returned = match &output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.into_token_stream(),
    };
    // The bounds stand behind the return type.
    let bounds = signature.generics.where_clause.take();
    let lints = lints::around_a_body();
    let header = quote! {
        #(#attributes)*
        #lints
        #[allow(
            clippy::too_many_arguments,
            clippy::needless_lifetimes,
            clippy::elidable_lifetime_names,
            clippy::multiple_bound_locations,
            clippy::type_complexity
        )]
        #visibility #signature -> #seam::DurableBox<'durable, #returned> #bounds
    };
    Header { header, output }
}

/// Moves every argument into the future, as an `async fn` does: one that the body does not use must
/// live as long as the others, for it may be a call that runs. Leaves plain names in the signature.
fn take_arguments(signature: &mut syn::Signature) -> Vec<TokenStream> {
    let inputs = signature.inputs.iter_mut().enumerate();
    let taken = inputs.map(|(position, input)| match input {
        FnArg::Receiver(receiver) => {
            let this = Ident::new("self", receiver.self_token.span);
            quote!(let _ = &#this;)
        }
        FnArg::Typed(typed) => {
            let name = match &*typed.pat {
                Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                    // As a macro writes it: lints leave it alone.
                    Ident::new(&name.ident.to_string(), located(name.ident.span()))
                }
                _ => format_ident!("__argument_{position}"),
            };
            let pattern = std::mem::replace(&mut *typed.pat, parse_quote!(#name));
            // What a pattern leaves out lives on, too.
            let whole = (!matches!(pattern, Pat::Ident(_))).then(|| quote!(let #name = #name;));
            // A name with an underscore is as good as another here.
            quote! {
                #whole
                #[allow(clippy::no_effect_underscore_binding)]
                let #pattern = #name;
            }
        }
    });
    taken.collect()
}

/// Where `at` is, named as there, but as written by a macro.
fn located(at: Span) -> Span {
    Span::call_site().located_at(at)
}

/// Whether the helper stands in an `impl` or a trait, as far as its signature tells.
fn is_method(signature: &syn::Signature) -> bool {
    signature.receiver().is_some() || names_self(signature.to_token_stream())
}

/// A free helper lists its own callees with those of its callers. A method has no name to find it
/// by.
fn emit_listed(function: &Function, rewritten: &Rewritten) -> Option<TokenStream> {
    if is_method(&function.signature) {
        return None;
    }
    let seam = item::seam();
    let signature = &function.signature;
    let (name, visibility) = (&signature.ident, &function.visibility);
    let doc = format!(" The helper [`{name}()`] as a type.");
    let listing = rewritten.candidates.listing();
    let text = name.to_string();
    let table = states::table(&function.body, &patterns(function), &signature.output, &[]);
    let types = states::signature(std::iter::empty(), &signature.output);
    let lints = lints::of_generated();
    Some(quote! {
        #[doc = #doc]
        #[derive(::core::fmt::Debug)]
        #lints
        #[allow(non_camel_case_types)]
        #visibility struct #name {}
        #lints
        const _: () = {
            // A lint would read the place of a row as what the source has there.
            #[allow(clippy::zero_prefixed_literal)]
            const __TABLE: #seam::StateTable = #table;
            impl #seam::Listed for #name {
                fn list(list: &mut #seam::CalleeList) {
                    list.inline::<Self>(#text, #types, __TABLE, |list| { #listing });
                }
            }
        };
    })
}

/// Gives every lifetime that is left out a name, and makes all that is borrowed outlive `'durable`,
/// the lifetime of what is returned.
fn name_lifetimes(signature: &mut syn::Signature) {
    let mut names = Names::default();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => names.visit_receiver_mut(receiver),
            FnArg::Typed(typed) => names.visit_type_mut(&mut typed.ty),
        }
    }
    if let Some(elided) = elided_output(signature, &names.given) {
        Fill(&elided).visit_return_type_mut(&mut signature.output);
    }
    let durable = Lifetime::new("'durable", Span::call_site());
    if is_method(signature) {
        // Says it of the parameters of the `impl`, which cannot be seen from here.
        let clause = signature.generics.make_where_clause();
        clause.predicates.push(parse_quote!(Self: #durable));
    }
    outlive(&mut signature.generics, &durable);
    let mut lifetimes = names.given;
    lifetimes.insert(0, durable.clone());
    for (position, lifetime) in lifetimes.into_iter().enumerate() {
        let mut parameter = LifetimeParam::new(lifetime);
        if position > 0 {
            parameter.bounds.push(durable.clone());
        }
        let parameter = GenericParam::Lifetime(parameter);
        signature.generics.params.insert(position, parameter);
    }
}

/// The lifetime that stands for one left out in the return type, by the rules of the language.
fn elided_output(signature: &syn::Signature, given: &[Lifetime]) -> Option<Lifetime> {
    match (signature.receiver(), given) {
        (Some(receiver), _) => match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, _) => lifetime.clone(),
            _ => None,
        },
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    }
}

/// Fills in one lifetime wherever one is left out.
struct Fill<'a>(&'a Lifetime);

impl VisitMut for Fill<'_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.0.clone();
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, _function: &mut syn::TypeFnPtr) {}
}

fn outlive(generics: &mut Generics, durable: &Lifetime) {
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => lifetime.bounds.push(durable.clone()),
            GenericParam::Type(ty) => ty.bounds.push(parse_quote!(#durable)),
            GenericParam::Const(_) => {}
        }
    }
}

/// Names the lifetimes that a signature leaves out.
#[derive(Default)]
struct Names {
    given: Vec<Lifetime>,
}

impl Names {
    fn next(&mut self) -> Lifetime {
        let name = format!("'borrowed_{}", self.given.len());
        let lifetime = Lifetime::new(&name, Span::call_site());
        self.given.push(lifetime.clone());
        lifetime
    }
}

impl VisitMut for Names {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.next());
        }
        visit_mut::visit_type_reference_mut(self, reference);
        // Behind a reference, several bounds stand in parentheses.
        if let Type::ImplTrait(argument) = &*reference.elem {
            *reference.elem = parse_quote!((#argument));
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.next();
        }
    }

    fn visit_receiver_mut(&mut self, receiver: &mut Receiver) {
        match &mut receiver.kind {
            ReceiverKind::Reference(_, lifetime, _) => match lifetime {
                Some(given) => self.visit_lifetime_mut(given),
                None => *lifetime = Some(self.next()),
            },
            ReceiverKind::Typed(_, ty) => self.visit_type_mut(ty),
            _ => {}
        }
    }

    fn visit_type_impl_trait_mut(&mut self, argument: &mut TypeImplTrait) {
        visit_mut::visit_type_impl_trait_mut(self, argument);
        argument.bounds.push(parse_quote!('durable));
    }

    /// The lifetimes of a function type are its own.
    fn visit_type_fn_ptr_mut(&mut self, _function: &mut syn::TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        _arguments: &mut syn::ParenthesizedGenericArguments,
    ) {
    }
}
