//! `#[orchestrator(inline)]`: an async function into one that returns a `DurableBox`, so that it
//! can be awaited in an orchestrator, and call itself.

use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::ToTokens;
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
use syn::TypeImplTrait;
use syn::TypeReference;
use syn::parse_quote;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use crate::body::Rewritten;
use crate::body::rewrite;
use crate::debug;
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::item::Function;
use crate::orchestrator::CONTEXT;
use crate::orchestrator::check_asyncness;
use crate::signature::last_segment;
use crate::signature::referent;
use crate::states;

/// Expands the helper `function`.
pub(crate) fn expand(function: &Function, mut diagnostics: Diagnostics) -> TokenStream {
    check_asyncness(function, &mut diagnostics);
    check_context(function, &mut diagnostics);
    let table = quote!(__DURABLE_SITES);
    let patterns = patterns(function);
    let rewritten = rewrite(&function.body, &table, &patterns, &mut diagnostics);
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
        diagnostics.help(
            owned,
            "the context is borrowed: it must not outlive the orchestration's turn",
            "write `&OrchestrationContext`",
        );
    } else if !signature.inputs.iter().any(takes_context) {
        diagnostics.help(
            &signature.ident,
            "an inline helper takes its caller's context",
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

fn patterns(function: &Function) -> Vec<Pat> {
    let inputs = function.signature.inputs.iter();
    inputs
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some((*typed.pat).clone()),
            FnArg::Receiver(_) => None,
        })
        .collect()
}

fn emit_function(function: &Function, rewritten: &Rewritten) -> TokenStream {
    let seam = item::seam();
    let (attributes, visibility) = (&function.attributes, &function.visibility);
    let mut signature = function.signature.clone();
    signature.asyncness = None;
    name_lifetimes(&mut signature);
    let output = match std::mem::replace(&mut signature.output, ReturnType::Default) {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.into_token_stream(),
    };
    // The bounds stand behind the return type.
    let bounds = signature.generics.where_clause.take();
    let (sites, body) = (&rewritten.sites, &rewritten.body);
    quote! {
        #(#attributes)*
        #[allow(
            clippy::too_many_arguments,
            clippy::needless_lifetimes,
            clippy::elidable_lifetime_names,
            clippy::type_complexity,
            clippy::needless_pass_by_value
        )]
        #visibility #signature -> #seam::DurableBox<'durable, #output> #bounds {
            const __DURABLE_SITES: &[#seam::Site] = #sites;
            #seam::DurableBox::new(async move #body)
        }
    }
}

/// A free helper lists its own callees with those of its callers. A method has no name to find it
/// by.
fn emit_listed(function: &Function, rewritten: &Rewritten) -> Option<TokenStream> {
    if function.signature.receiver().is_some() {
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
    Some(quote! {
        #[doc = #doc]
        #[derive(::core::fmt::Debug)]
        #[allow(non_camel_case_types, dead_code)]
        #visibility struct #name {}
        const _: () = {
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
