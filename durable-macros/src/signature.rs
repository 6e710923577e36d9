//! What a function's signature says: parameters by role, and the form of its result.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::format_ident;
use quote::quote;
use quote::quote_spanned;
use syn::Attribute;
use syn::FnArg;
use syn::GenericArgument;
use syn::Lifetime;
use syn::ParenthesizedGenericArguments;
use syn::Pat;
use syn::PatType;
use syn::PathArguments;
use syn::PathSegment;
use syn::ReturnType;
use syn::Safety;
use syn::Type;
use syn::TypeFnPtr;
use syn::TypeReference;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::Visit;

use crate::body::source_text;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item::seam;
use crate::item::seam_at;

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
    /// The context of another kind of function.
    Foreign,
}

/// The contexts: what each is that of, and how a function takes it.
const CONTEXTS: &[(&str, &str, &str)] = &[
    ("ActivityContext", "an activity", "ActivityContext"),
    (
        "OrchestrationContext",
        "an orchestrator",
        "&OrchestrationContext",
    ),
    (
        "EntityContext",
        "an operation of an entity",
        "&EntityContext",
    ),
];

/// What a function returns.
pub(crate) enum Returns {
    /// A plain value.
    Value(TokenStream),
    /// A `Result` by name, under whatever path.
    Result(Box<Type>),
    /// A name that may be an alias of a `Result`: its type tells.
    Named(Box<Type>),
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
        refuse_configured(&signature.inputs, diagnostics);
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
        read.refuse_foreign(context, diagnostics);
        let generic = refuse_generics(signature, diagnostics);
        let unnamed = refuse_result(&signature.output, diagnostics);
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

    /// Refuses the contexts of other kinds of functions.
    fn refuse_foreign(&self, context: &str, diagnostics: &mut Diagnostics) {
        for parameter in &self.parameters {
            if let Some(ForeignContext { what, help }) = foreign_context(&parameter.ty, context) {
                diagnostics.rule(Rule::Context, &parameter.ty, what, help);
            }
        }
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
                format_args!("too many arguments: `durable` can record at most {MOST_ARGUMENTS}"),
                "combine some of them in a struct that derives `Serialize` and `Deserialize`",
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
        self.returns.written()
    }

    /// The types of the value and of the error, where they mean something.
    pub(crate) fn outcome_types(&self) -> (TokenStream, TokenStream) {
        let seam = seam();
        match &self.returns {
            _ if !self.usable => (quote!(()), quote!(#seam::Failure)),
            Returns::Value(ty) => (ty.clone(), quote!(#seam::Failure)),
            Returns::Result(ty) => result_types(ty),
            Returns::Named(ty) => {
                let returned = returned(ty);
                let at = ty.span();
                (
                    quote_spanned!(at=> #returned::Output),
                    quote_spanned!(at=> #returned::Error),
                )
            }
        }
    }

    fn recorded(&self) -> impl Iterator<Item = &Parameter> {
        self.arguments().filter(|_| self.usable)
    }
}

/// What is said of the context of another kind of function.
pub(crate) struct ForeignContext {
    pub(crate) what: String,
    pub(crate) help: String,
}

/// What is to be said of a parameter of type `ty` where the context's own type is `own`.
pub(crate) fn foreign_context(ty: &Type, own: &str) -> Option<ForeignContext> {
    let word = &last_segment(referent(ty))?.ident;
    let (name, of, _) = CONTEXTS.iter().find(|(name, ..)| word == name)?;
    let (_, this, written) = CONTEXTS.iter().find(|(name, ..)| *name == own)?;
    (*name != own).then(|| ForeignContext {
        what: format!("`{name}` is the context of {of}, but this is {this}"),
        help: format!("write `{written}`"),
    })
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
            Some(_) if foreign_context(&source.ty, context).is_some() => Role::Foreign,
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
                Some(segment) if may_be_an_alias(segment) => Self::Named(ty.clone()),
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
            Self::Named(ty) => {
                let by_type = self::returned(ty);
                quote!(#by_type::into_result(#returned))
            }
        }
    }

    /// The type as it is written.
    pub(crate) fn written(&self) -> TokenStream {
        match self {
            Self::Value(ty) => ty.clone(),
            Self::Result(ty) | Self::Named(ty) => ty.to_token_stream(),
        }
    }
}

/// Types of the prelude, which spare the compiler the question.
const PLAIN: &[&str] = &[
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64", "String", "Vec", "Option",
];

fn may_be_an_alias(segment: &PathSegment) -> bool {
    !PLAIN.iter().any(|plain| segment.ident == plain)
}

/// What `ty` is as a result. The compiler tells by the type whether it is one: a macro sees no more
/// than the name of an alias.
fn returned(ty: &Type) -> TokenStream {
    let seam = seam_at(ty.span());
    quote_spanned! {ty.span()=>
        <#ty as #seam::Returned<{
            #[allow(unused_imports)]
            use #seam::PlainReturn as _;
            #seam::ReturnProbe::<#ty>::IS_RESULT
        }>>
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
            "this function cannot be `const`: the runtime calls it at run time",
            "remove `const`",
        );
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        diagnostics.rule(
            Rule::Function,
            unsafety,
            "this function cannot be `unsafe`: the runtime calls it from safe code",
            "remove `unsafe`",
        );
    }
    if let Some(abi) = &signature.abi {
        diagnostics.rule(
            Rule::Function,
            abi,
            "this function cannot be `extern`: the runtime calls it with the Rust ABI",
            "remove `extern`",
        );
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.rule(
            Rule::Function,
            variadic,
            "this function cannot be variadic: `durable` records a fixed number of arguments",
            "name each argument, or take a `Vec`",
        );
    }
}

/// Refuses parameters that are not there in every build.
pub(crate) fn refuse_configured<'a>(
    inputs: impl IntoIterator<Item = &'a FnArg>,
    diagnostics: &mut Diagnostics,
) {
    let attributes = inputs.into_iter().flat_map(|input| match input {
        FnArg::Typed(typed) => &typed.attrs,
        FnArg::Receiver(receiver) => &receiver.attrs,
    });
    let configures =
        |own: &&Attribute| own.path().is_ident("cfg") || own.path().is_ident("cfg_attr");
    for attribute in attributes.filter(configures) {
        diagnostics.rule(
            Rule::Configured,
            attribute,
            "a parameter cannot be conditional: a build without it could not read what another \
             build recorded",
            "take the parameter in every build, or write two functions with different names and \
             put `#[cfg(…)]` on each",
        );
    }
}

/// Refuses generics, and says whether there were any.
fn refuse_generics(signature: &syn::Signature, diagnostics: &mut Diagnostics) -> bool {
    let generics = &signature.generics;
    let bounds = generics.where_clause.as_ref();
    let bounds = bounds.filter(|bounds| !bounds.predicates.is_empty());
    let name = &signature.ident;
    if generics.params.is_empty() {
        let Some(bounds) = bounds else { return false };
        let what = format!("`{name}` has a `where` clause but no type parameters");
        diagnostics.rule(Rule::Function, bounds, what, "remove the `where` clause");
    } else if generics.params.len() == generics.lifetimes().count() {
        let what = format!(
            "`{name}` cannot have lifetime parameters: its arguments and its result \
             must own their data"
        );
        let help = format!(
            "remove `{}`, and take and return owned types",
            source_text(generics.to_token_stream())
        );
        diagnostics.rule(Rule::Function, generics, what, help);
    } else {
        let what = format!(
            "`{name}` cannot be generic: the runtime calls it by name with recorded arguments"
        );
        let help = "write one function for each type, and have them call a shared generic function";
        diagnostics.rule(Rule::Function, generics, what, help);
    }
    true
}

/// Refuses an argument that cannot be recorded, and says whether it did.
fn refuse_unrecordable(ty: &Type, diagnostics: &mut Diagnostics) -> bool {
    if let Type::ImplTrait(_) = ty {
        diagnostics.rule(
            Rule::Argument,
            ty,
            "an argument cannot be `impl Trait`: `durable` records it and needs a concrete type",
            "write a concrete type",
        );
        return true;
    }
    refuse_borrowed(ty, "an argument", "take", diagnostics)
}

/// Refuses a result that cannot be recorded, and says whether it did.
fn refuse_result(output: &ReturnType, diagnostics: &mut Diagnostics) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    if let Type::ImplTrait(_) = **ty {
        diagnostics.rule(
            Rule::Argument,
            ty,
            "a result cannot be `impl Trait`: `durable` records it and needs a concrete type",
            "write a concrete type",
        );
        return true;
    }
    refuse_borrowed(ty, "a result", "return", diagnostics)
}

/// Refuses what is borrowed in `ty`, and says whether anything was.
fn refuse_borrowed(ty: &Type, recorded: &str, verb: &str, diagnostics: &mut Diagnostics) -> bool {
    let mut borrowed = Borrowed::default();
    borrowed.visit_type(ty);
    for reference in &borrowed.references {
        let what = format!("{recorded} cannot be a reference: `durable` records it");
        let help = format!("{verb} `{}`", owned(&reference.elem));
        diagnostics.rule(Rule::Argument, reference, what, help);
    }
    for lifetime in &borrowed.lifetimes {
        let what = format!("{recorded} cannot borrow data: `durable` records it");
        let help = format!("{verb} a type that owns its data, or write `'static`");
        diagnostics.rule(Rule::Argument, lifetime, what, help);
    }
    !(borrowed.references.is_empty() && borrowed.lifetimes.is_empty())
}

/// What a type borrows, as far as it shows.
#[derive(Default)]
struct Borrowed {
    references: Vec<TypeReference>,
    lifetimes: Vec<Lifetime>,
}

impl<'ast> Visit<'ast> for Borrowed {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        self.references.push(reference.clone());
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.lifetimes.push(lifetime.clone());
        }
    }

    /// The lifetimes of a function type are its own.
    fn visit_type_fn_ptr(&mut self, _function: &'ast TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments(
        &mut self,
        _arguments: &'ast ParenthesizedGenericArguments,
    ) {
    }
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
