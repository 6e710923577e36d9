//! What a function's signature says: parameters by role, and the form of its result.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::format_ident;
use quote::quote;
use quote::quote_spanned;
use syn::FnArg;
use syn::GenericArgument;
use syn::Pat;
use syn::PatType;
use syn::PathArguments;
use syn::PathSegment;
use syn::ReturnType;
use syn::Safety;
use syn::Type;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item::seam;

/// A signature as the macros understand it.
pub(crate) struct Signature {
    pub(crate) name: Ident,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Returns,
    /// Whether its types can be those of an implementation; else only the names are of use.
    usable: bool,
    /// The parentheses around the parameters.
    parentheses: Span,
}

/// One parameter.
pub(crate) struct Parameter {
    /// As it is written.
    pub(crate) source: PatType,
    /// The name under which the call function takes it.
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) role: Role,
}

/// What a parameter is, recognised by the last segment of its type's path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Recorded with the call.
    Argument,
    /// The activity's or orchestrator's context.
    Context,
    /// A `State<T>` of the runtime.
    State,
}

/// What a function returns.
pub(crate) enum Returns {
    /// A plain value.
    Value(TokenStream),
    /// A `Result`, under whatever alias.
    Result(Box<Type>),
}

/// The longest argument list that can be recorded.
const MOST_ARGUMENTS: usize = 12;

impl Signature {
    /// Reads `signature`; `context` is the name of the context's type.
    pub(crate) fn read(
        signature: &syn::Signature,
        context: &str,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        refuse_qualifiers(signature, diagnostics);
        let typed = signature.inputs.iter().filter_map(as_typed).enumerate();
        let mut read = Self {
            name: signature.ident.clone(),
            parameters: typed
                .map(|(position, typed)| Parameter::read(typed, position, context))
                .collect(),
            returns: Returns::read(&signature.output),
            usable: false,
            parentheses: signature.paren_token.span.join(),
        };
        let generic = refuse_generics(signature, diagnostics);
        let unnamed = refuse_unnamed(&signature.output, diagnostics);
        let unrecordable = read.refuse_arguments(diagnostics);
        read.usable = !(generic || unnamed || unrecordable);
        read
    }

    /// Whether its types can be those of an implementation.
    pub(crate) fn usable(&self) -> bool {
        self.usable
    }

    /// The parameters that are recorded.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Parameter> {
        let parameters = self.parameters.iter();
        parameters.filter(|parameter| parameter.role == Role::Argument)
    }

    /// The names of the recorded parameters, as a reader of a history knows them.
    pub(crate) fn argument_names(&self) -> impl Iterator<Item = String> {
        self.arguments()
            .map(|argument| argument.name.unraw().to_string())
    }

    /// Refuses what cannot be recorded, and says whether there was anything.
    fn refuse_arguments(&self, diagnostics: &mut Diagnostics) -> bool {
        let mut refused = false;
        for argument in self.arguments() {
            refused |= refuse_unrecordable(&argument.ty, diagnostics);
        }
        if let Some(extra) = self.arguments().nth(MOST_ARGUMENTS) {
            refused = true;
            diagnostics.rule(
                Rule::Argument,
                &extra.source,
                format_args!("more than {MOST_ARGUMENTS} arguments"),
                "put them into a struct that derives `Serialize` and `Deserialize`",
            );
        }
        refused
    }

    /// The arguments as the tuple that is recorded.
    pub(crate) fn argument_values(&self) -> TokenStream {
        let names = self.recorded().map(|argument| &argument.name);
        quote!((#(#names,)*))
    }

    /// The type of the recorded arguments, placed at the parameters.
    pub(crate) fn argument_types(&self) -> TokenStream {
        let types = self.recorded().map(|argument| &argument.ty);
        quote_spanned!(self.parentheses=> (#(#types,)*))
    }

    /// The whole return type, where it means something.
    pub(crate) fn return_type(&self) -> TokenStream {
        if !self.usable {
            return quote!(());
        }
        match &self.returns {
            Returns::Value(ty) => ty.clone(),
            Returns::Result(ty) => ty.to_token_stream(),
        }
    }

    /// The types of the value and of the error, where they mean something.
    pub(crate) fn outcome_types(&self) -> (TokenStream, TokenStream) {
        match &self.returns {
            _ if !self.usable => (quote!(()), quote!(::durable_runtime::Failure)),
            Returns::Value(ty) => (ty.clone(), quote!(::durable_runtime::Failure)),
            Returns::Result(ty) => result_types(ty),
        }
    }

    fn recorded(&self) -> impl Iterator<Item = &Parameter> {
        self.arguments().filter(|_| self.usable)
    }
}

fn as_typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    }
}

impl Parameter {
    fn read(source: &PatType, position: usize, context: &str) -> Self {
        let name = match &*source.pat {
            Pat::Ident(pattern) => pattern.ident.clone(),
            other => format_ident!("argument_{position}", span = other.span()),
        };
        let role = match last_segment(referent(&source.ty)) {
            Some(segment) if segment.ident == context => Role::Context,
            Some(segment) if is_state(segment) => Role::State,
            _ => Role::Argument,
        };
        Self {
            source: source.clone(),
            name,
            ty: (*source.ty).clone(),
            role,
        }
    }

    /// The parameter of the call function: the attributes and patterns of the body's do not matter.
    pub(crate) fn declaration(&self) -> TokenStream {
        let (name, ty) = (&self.name, &self.ty);
        quote!(#name: #ty)
    }
}

/// `State<T>`; a `State` of the user's own without an argument is an argument like any other.
fn is_state(segment: &PathSegment) -> bool {
    segment.ident == "State" && matches!(segment.arguments, PathArguments::AngleBracketed(_))
}

impl Returns {
    fn read(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self::Value(quote!(())),
            ReturnType::Type(_, ty) => match last_segment(ty) {
                Some(segment) if segment.ident == "Result" => Self::Result(ty.clone()),
                _ => Self::Value(ty.to_token_stream()),
            },
        }
    }

    /// The tokens that make a `Result` of what the body returned.
    pub(crate) fn as_result(&self, returned: &TokenStream) -> TokenStream {
        let seam = seam();
        match self {
            Self::Value(_) => quote!(::core::result::Result::Ok(#returned)),
            Self::Result(_) => quote!(#seam::IsResult::into_result(#returned)),
        }
    }
}

/// The value's and the error's type of a `Result`, each placed where the user wrote it. An alias is
/// left to the compiler.
fn result_types(ty: &Type) -> (TokenStream, TokenStream) {
    if let Some([value, error]) = written_types(ty) {
        return (value.to_token_stream(), error.to_token_stream());
    }
    let seam = seam();
    (
        quote_spanned!(ty.span()=> <#ty as #seam::IsResult>::Output),
        quote_spanned!(ty.span()=> <#ty as #seam::IsResult>::Error),
    )
}

/// The arguments of a `Result<T, E>` that has both.
fn written_types(ty: &Type) -> Option<[&Type; 2]> {
    let PathArguments::AngleBracketed(arguments) = &last_segment(ty)?.arguments else {
        return None;
    };
    let types: Option<Vec<&Type>> = arguments.args.iter().map(as_type).collect();
    types?.try_into().ok()
}

fn as_type(argument: &GenericArgument) -> Option<&Type> {
    match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// What a reference points to; any other type itself.
pub(crate) fn referent(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => &reference.elem,
        other => other,
    }
}

/// The last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

fn refuse_qualifiers(signature: &syn::Signature, diagnostics: &mut Diagnostics) {
    if let Some(constness) = &signature.constness {
        diagnostics.rule(
            Rule::Function,
            constness,
            "the function runs when it is called, and not in a constant",
            "remove `const`",
        );
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        diagnostics.rule(
            Rule::Function,
            unsafety,
            "the runtime calls the function, so it must be safe",
            "remove `unsafe`",
        );
    }
    if let Some(abi) = &signature.abi {
        diagnostics.rule(
            Rule::Function,
            abi,
            "the runtime calls the function, in Rust's own way",
            "remove `extern`",
        );
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.rule(
            Rule::Function,
            variadic,
            "the arguments must be counted",
            "name each argument, or take a `Vec`",
        );
    }
}

/// Refuses generics, and says whether there were any.
fn refuse_generics(signature: &syn::Signature, diagnostics: &mut Diagnostics) -> bool {
    let generics = &signature.generics;
    let bounds = generics.where_clause.as_ref();
    if generics.params.is_empty() && bounds.is_none_or(|bounds| bounds.predicates.is_empty()) {
        return false;
    }
    let at = if generics.params.is_empty() {
        generics.where_clause.to_token_stream()
    } else {
        generics.to_token_stream()
    };
    diagnostics.rule(
        Rule::Function,
        at,
        format_args!(
            "`{}` is called by name from its recorded arguments, so it cannot be generic",
            signature.ident
        ),
        "write one function for each type, and let them share a generic one",
    );
    true
}

/// Refuses a type that cannot be recorded, and says whether it did.
fn refuse_unrecordable(ty: &Type, diagnostics: &mut Diagnostics) -> bool {
    match ty {
        Type::Reference(reference) => diagnostics.rule(
            Rule::Argument,
            ty,
            "an argument is recorded, so it cannot be a reference",
            format_args!("take `{}`", owned(&reference.elem)),
        ),
        Type::ImplTrait(_) => diagnostics.rule(
            Rule::Argument,
            ty,
            "an argument is recorded, so its type must be named",
            "write the type that is recorded",
        ),
        _ => return false,
    }
    true
}

/// Refuses a result without a name, and says whether it did.
fn refuse_unnamed(output: &ReturnType, diagnostics: &mut Diagnostics) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    let unnamed = matches!(**ty, Type::ImplTrait(_));
    if unnamed {
        diagnostics.rule(
            Rule::Argument,
            ty,
            "a result is recorded, so its type must be named",
            "write the type that is recorded",
        );
    }
    unnamed
}

/// The owned form of what a reference points to.
fn owned(borrowed: &Type) -> String {
    match borrowed {
        Type::Slice(slice) => format!("Vec<{}>", tidy(&slice.elem)),
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        other => tidy(other),
    }
}

/// A type as text.
pub(crate) fn tidy(ty: &Type) -> String {
    crate::body::source_text(ty.to_token_stream())
}
