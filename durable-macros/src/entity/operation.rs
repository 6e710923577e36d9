//! An operation: a method of the block that borrows the state.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::format_ident;
use quote::quote;
use syn::Attribute;
use syn::Block;
use syn::Meta;
use syn::Receiver;
use syn::ReceiverKind;
use syn::Type;
use syn::ext::IdentExt;
use syn::parse_quote;

use super::awaits;
use super::block::ImplBlock;
use crate::body::broken;
use crate::determinism;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item::Function;
use crate::signature::Role;
use crate::signature::Signature;
use crate::signature::referent;

/// The type that the context is recognised by.
pub(crate) const CONTEXT: &str = "EntityContext";

/// A method that can be called, signalled and locked.
pub(super) struct Operation<'a> {
    pub(super) function: &'a Function,
    pub(super) signature: Signature,
    pub(super) read_only: bool,
    /// Whether its name is free for the methods that call it.
    pub(super) callable: bool,
    /// Its body with bounded awaits.
    body: TokenStream,
}

/// Reads the operations among the methods of `block`.
pub(super) fn read_all<'a>(
    block: &'a ImplBlock,
    methods: impl Iterator<Item = &'a Function>,
    diagnostics: &mut Diagnostics,
) -> Vec<Operation<'a>> {
    let methods: Vec<&Function> = methods.collect();
    let is_awaited = |method: &&&Function| {
        method.signature.asyncness.is_some() && method.signature.receiver().is_some()
    };
    let own = methods.iter().filter(is_awaited);
    let own: Vec<String> = own
        .map(|method| method.signature.ident.to_string())
        .collect();
    let read_one = |method| read(block, method, &own, diagnostics);
    methods.into_iter().filter_map(read_one).collect()
}

fn read<'a>(
    block: &ImplBlock,
    function: &'a Function,
    own: &[String],
    diagnostics: &mut Diagnostics,
) -> Option<Operation<'a>> {
    let marks = function.attributes.iter().filter(|own| is_read_only(own));
    let marks: Vec<&Attribute> = marks.collect();
    check_marks(&marks, diagnostics);
    let Some(receiver) = function.signature.receiver() else {
        check_function(function, &marks, diagnostics);
        return None;
    };
    let read_only = !marks.is_empty();
    check_receiver(receiver, read_only, diagnostics);
    let callable = check_name(&function.signature.ident, diagnostics);
    let signature = Signature::read(&block.outside(&function.signature), CONTEXT, diagnostics);
    check_injected(&signature, diagnostics);
    Some(Operation {
        function,
        signature,
        read_only,
        callable,
        body: body(function, own, diagnostics),
    })
}

/// The body of an operation, checked and bounded.
fn body(function: &Function, own: &[String], diagnostics: &mut Diagnostics) -> TokenStream {
    let checked = determinism::check(
        &determinism::Body {
            tokens: &function.body,
            inputs: &function.inputs(),
            checkpoints: false,
            of: determinism::Of::Operation,
        },
        diagnostics,
    );
    match &function.signature.asyncness {
        Some(_) => awaits::bounded(&checked, own),
        None => readable(&checked.body),
    }
}

/// A body that is left as it is, with the reason in it if it cannot be read.
fn readable(body: &TokenStream) -> TokenStream {
    match syn::parse2::<Block>(body.clone()) {
        Ok(_) => body.clone(),
        Err(error) => broken(body, &error),
    }
}

/// A function that is no operation, as it was written.
pub(super) fn other(function: &Function) -> TokenStream {
    method(function, &readable(&function.body))
}

/// A method as it was written, without `#[read_only]`.
fn method(function: &Function, body: &TokenStream) -> TokenStream {
    let attributes = function.attributes.iter().filter(|own| !is_read_only(own));
    let (visibility, signature) = (&function.visibility, &function.signature);
    quote!(#(#attributes)* #visibility #signature #body)
}

/// Whether `attribute` is `#[read_only]`.
fn is_read_only(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "read_only")
}

fn check_marks(marks: &[&Attribute], diagnostics: &mut Diagnostics) {
    for mark in marks {
        if !matches!(mark.meta, Meta::Path(_)) {
            diagnostics.rule(
                Rule::ReadOnly,
                &mark.meta,
                "`#[read_only]` does not take options",
                "write `#[read_only]`",
            );
        }
    }
    if let Some(second) = marks.get(1) {
        diagnostics.rule(
            Rule::ReadOnly,
            second,
            "`#[read_only]` is given twice",
            "remove one of the two",
        );
    }
}

/// A function without `self` is no operation, and stays as it is.
fn check_function(function: &Function, marks: &[&Attribute], diagnostics: &mut Diagnostics) {
    let name = &function.signature.ident;
    if let Some(mark) = marks.first() {
        diagnostics.rule(
            Rule::ReadOnly,
            mark,
            format_args!("`{name}` is not an operation: it does not take `self`"),
            "add the parameter `&self`, or remove `#[read_only]`",
        );
    }
    if name == "at" {
        diagnostics.rule(
            Rule::ReservedName,
            name,
            "an entity cannot have its own function `at`: `#[entity]` generates `T::at(key)`",
            "choose another name",
        );
    }
}

fn check_receiver(receiver: &Receiver, read_only: bool, diagnostics: &mut Diagnostics) {
    let mutable = match &receiver.kind {
        ReceiverKind::Reference(_, _, mutable) => mutable.is_some(),
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) if is_self(&reference.elem) => {
                reference.mutability.is_some()
            }
            _ => return refuse_receiver(receiver, diagnostics),
        },
        _ => return refuse_receiver(receiver, diagnostics),
    };
    if mutable && read_only {
        diagnostics.rule(
            Rule::ReadOnly,
            receiver,
            "a `#[read_only]` operation cannot take `&mut self`",
            "take `&self`, or remove `#[read_only]`",
        );
    }
}

fn refuse_receiver(receiver: &Receiver, diagnostics: &mut Diagnostics) {
    diagnostics.rule(
        Rule::Receiver,
        receiver,
        "an operation must borrow `self`: the entity keeps its state",
        "take `&mut self` or `&self`; to delete the state, call `ctx.delete_state()`",
    );
}

fn is_self(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("Self"))
}

/// Refuses a reserved name, and says whether it is none.
fn check_name(name: &Ident, diagnostics: &mut Diagnostics) -> bool {
    let text = name.unraw().to_string();
    let reserved = match text.as_str() {
        "at" => "the name is reserved for `T::at(key)`",
        "new" => "the name is reserved for `TClient::new(client, key)`",
        "delete_state" => "the name is reserved for `ctx.delete_state()`",
        signal if signal.starts_with("signal_") => "the prefix `signal_` is reserved for signals",
        _ => return true,
    };
    diagnostics.rule(
        Rule::ReservedName,
        name,
        format_args!("an operation cannot be named `{text}`: {reserved}"),
        "choose another name",
    );
    false
}

fn check_injected(signature: &Signature, diagnostics: &mut Diagnostics) {
    let with = |role| {
        let parameters = signature.parameters.iter();
        parameters.filter(move |parameter| parameter.role == role)
    };
    for context in with(Role::Context) {
        let borrowed = matches!(&context.ty, Type::Reference(reference)
            if reference.mutability.is_none());
        if !borrowed {
            diagnostics.rule(
                Rule::Context,
                &context.ty,
                "the context must be borrowed with `&`: it cannot outlive the operation",
                format_args!("write `&{CONTEXT}`"),
            );
        }
    }
    if let Some(second) = with(Role::Context).nth(1) {
        diagnostics.rule(
            Rule::Context,
            &second.source,
            "an operation takes only one context",
            "remove this parameter",
        );
    }
    for state in with(Role::State) {
        diagnostics.rule(
            Rule::OneState,
            &state.source,
            "an operation cannot take a `State<T>`: its only state is that of the entity",
            format_args!(
                "take `{}` in an activity, and have an orchestrator pass its result to the entity",
                crate::signature::tidy(referent(&state.ty))
            ),
        );
    }
}

impl Operation<'_> {
    /// Its name as it is written.
    pub(super) fn name(&self) -> &Ident {
        &self.signature.name
    }

    /// The name under which it is recorded.
    pub(super) fn text(&self) -> String {
        self.name().unraw().to_string()
    }

    /// The method that signals it.
    pub(super) fn signal(&self) -> Ident {
        format_ident!("signal_{}", self.name())
    }

    /// The type that stands for it in generated code.
    pub(super) fn marker(&self) -> Ident {
        format_ident!("__{}", self.name(), span = proc_macro2::Span::mixed_site())
    }

    /// Under which configurations it exists.
    pub(super) fn configured(&self) -> Vec<&Attribute> {
        self.attributes(&["cfg"]).collect()
    }

    /// What is said of it, for the methods that call it.
    pub(super) fn docs(&self) -> Vec<Attribute> {
        let mut attributes: Vec<_> = self.attributes(&["cfg", "deprecated"]).cloned().collect();
        let docs: Vec<_> = self.attributes(&["doc"]).cloned().collect();
        if docs.is_empty() {
            let doc = format!(" Calls the operation `{}`.", self.text());
            attributes.push(parse_quote!(#[doc = #doc]));
        }
        attributes.extend(docs);
        attributes
    }

    /// What is said of it, for the methods that signal it.
    pub(super) fn signal_docs(&self) -> Vec<Attribute> {
        let mut attributes: Vec<_> = self.attributes(&["cfg", "deprecated"]).cloned().collect();
        let text = self.text();
        let doc = format!(" Signals the operation `{text}`, and does not wait for its answer.");
        attributes.push(parse_quote!(#[doc = #doc]));
        let docs: Vec<_> = self.attributes(&["doc"]).cloned().collect();
        if !docs.is_empty() {
            attributes.push(parse_quote!(#[doc = ""]));
            attributes.extend(docs);
        }
        attributes
    }

    fn attributes(&self, names: &'static [&'static str]) -> impl Iterator<Item = &Attribute> {
        let attributes = self.function.attributes.iter();
        attributes.filter(|own| names.iter().any(|name| own.path().is_ident(name)))
    }

    /// Its method.
    pub(super) fn method(&self) -> TokenStream {
        method(self.function, &self.body)
    }

    /// The call of the method in generated code, where its arguments are bound to their names.
    pub(super) fn run(&self) -> TokenStream {
        let name = self.name();
        let parameters = self.signature.parameters.iter();
        let values = parameters.map(|parameter| match parameter.role {
            Role::Context => quote!(__call.context()),
            Role::Argument | Role::State | Role::Foreign => parameter.name.to_token_stream(),
        });
        let awaited = self.function.signature.asyncness.map(|_| quote!(.await));
        quote!(self.#name(#(#values),*) #awaited)
    }
}
