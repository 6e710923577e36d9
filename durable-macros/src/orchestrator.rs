//! `#[orchestrator]`: an async function into a call function, `run` with a durable body, an
//! implementation of `Orchestrator` and a typed client.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use quote::quote_spanned;
use syn::Block;
use syn::LitStr;
use syn::Pat;
use syn::PatType;
use syn::Path;
use syn::Token;
use syn::Type;
use syn::parse::ParseStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;

use crate::activity::recorded_name;
use crate::body::Rewritten;
use crate::body::rewrite_lowered;
use crate::checkpoint::Checkpoints;
use crate::client_stub;
use crate::debug;
use crate::determinism;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::inline;
use crate::item;
use crate::item::Callable;
use crate::item::Function;
use crate::lints;
use crate::mock;
use crate::options;
use crate::options::ReadOption;
use crate::runtime_path;
use crate::signature::Parameter;
use crate::signature::Role;
use crate::signature::Signature;
use crate::signature::last_segment;
use crate::signature::referent;
use crate::signature::tidy;
use crate::states;

/// The type that the context parameter is recognised by.
pub(crate) const CONTEXT: &str = "OrchestrationContext";

/// Expands `#[orchestrator(options)] item`.
pub(crate) fn expand(options: TokenStream, item: &TokenStream) -> TokenStream {
    let function = match item::function("#[orchestrator]", item) {
        Ok(function) => function,
        Err(instead) => return instead,
    };
    let mut diagnostics = Diagnostics::default();
    let mut read = Options::default();
    options::read_all(options, &mut read, &mut diagnostics);
    let _named = match runtime_path::name(read.runtime.as_ref()) {
        Ok(named) => named,
        Err(error) => return item::refused(item, &error),
    };
    if let Some(inline) = &read.inline {
        read.refuse_with_inline(inline, &mut diagnostics);
        return inline::expand(&function, diagnostics);
    }
    if let Some(instead) = item::refuse_method(&function, item) {
        return instead;
    }
    let signature = Signature::read(&function.signature, CONTEXT, &mut diagnostics);
    check_asyncness(&function, &mut diagnostics);
    check_context(&function, &signature, &mut diagnostics);
    let patterns = patterns(&signature);
    let table = quote!(Self::__DURABLE_SITES);
    let checkpoints = read.checkpoints.take();
    let lower = |body: &mut Block, diagnostics: &mut Diagnostics| {
        if let Some(checkpoints) = &checkpoints {
            checkpoints.lower(body, &patterns, diagnostics);
        }
    };
    let checked = determinism::check(
        &determinism::Body {
            tokens: &function.body,
            inputs: &function.inputs(),
            checkpoints: checkpoints.is_some(),
            of: determinism::Of::Orchestrator,
        },
        &mut diagnostics,
    );
    let rewritten = rewrite_lowered(&checked, &table, &patterns, lower, &mut diagnostics);
    let output = &function.signature.output;
    let table = states::table(&checked.body, &patterns, output, &read.events);
    let errors = diagnostics.into_compile_errors();
    let orchestrator = Orchestrator {
        callable: Callable {
            function: &function,
            signature: &signature,
            kind: "orchestrator",
            sound: errors.is_empty(),
        },
        options: read,
        rewritten,
        table,
    };
    let expansion = orchestrator.emit();
    debug::print(&signature.name, &expansion);
    quote!(#expansion #errors)
}

/// The options of an orchestrator.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    version: Option<LitStr>,
    status: Option<Type>,
    events: Vec<Type>,
    inline: Option<Ident>,
    checkpoints: Option<Checkpoints>,
    client: Option<Ident>,
    runtime: Option<Path>,
    /// What is no option of an inline helper.
    others: Vec<Ident>,
}

impl ReadOption for Options {
    const VALID: &'static [&'static str] = &[
        "name",
        "version",
        "status",
        "events",
        "inline",
        "checkpoint",
        "client",
        "crate",
    ];
    const OF: &'static str = "`#[orchestrator]`";

    fn read(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        match name.to_string().as_str() {
            "inline" => {
                options::flag(name, input)?;
                self.inline = Some(name.clone());
                return Ok(());
            }
            "crate" => {
                self.runtime = Some(runtime_path::read(name, input)?);
                return Ok(());
            }
            "name" => self.name = Some(options::text(name, input, &['@'])?),
            "version" => self.version = Some(options::text(name, input, &['@'])?),
            "checkpoint" => self.checkpoints = Some(Checkpoints::read(name, input)?),
            "client" => self.client = Some(options::type_name(name, input)?),
            "status" => self.status = Some(options::value(name, input)?),
            _ => {
                let list = options::list(name, input)?;
                let events = Punctuated::<Type, Token![,]>::parse_terminated.parse2(list)?;
                self.declare(events, diagnostics);
            }
        }
        self.others.push(name.clone());
        Ok(())
    }
}

impl Options {
    fn declare(&mut self, events: impl IntoIterator<Item = Type>, diagnostics: &mut Diagnostics) {
        for event in events {
            if self.events.contains(&event) {
                diagnostics.rule(
                    Rule::EqualEvents,
                    event,
                    "this event is declared twice",
                    "remove one of the two",
                );
            } else {
                self.events.push(event);
            }
        }
    }

    fn refuse_with_inline(&self, inline: &Ident, diagnostics: &mut Diagnostics) {
        for other in &self.others {
            diagnostics.rule(
                Rule::OptionValue,
                other,
                format_args!("an `{inline}` helper cannot have the option `{other}`"),
                "set it on the orchestrator that calls the helper",
            );
        }
    }
}

pub(crate) fn check_asyncness(function: &Function, diagnostics: &mut Diagnostics) {
    if function.signature.asyncness.is_none() {
        diagnostics.rule(
            Rule::Function,
            function.signature.fn_token,
            "an orchestrator must be an `async fn`",
            "add `async`",
        );
    }
}

fn check_context(function: &Function, signature: &Signature, diagnostics: &mut Diagnostics) {
    let is_context = |parameter: &Parameter| parameter.role == Role::Context;
    let is_reference = |parameter: &Parameter| {
        matches!(&parameter.ty, Type::Reference(reference)
        if reference.mutability.is_none())
    };
    match signature.parameters.first() {
        Some(first) if is_context(first) && is_reference(first) => {}
        Some(first) if first.role == Role::Foreign => {}
        Some(first) if is_context(first) => diagnostics.rule(
            Rule::Context,
            &first.ty,
            "the context must be borrowed with `&`: it cannot outlive the orchestration's turn",
            "write `&OrchestrationContext`",
        ),
        _ => diagnostics.rule(
            Rule::Context,
            &function.signature.ident,
            "the first parameter of an orchestrator must be its context",
            format_args!(
                "write `async fn {}(ctx: &OrchestrationContext, …)`",
                signature.name
            ),
        ),
    }
    for state in signature
        .parameters
        .iter()
        .filter(|p| p.role == Role::State)
    {
        diagnostics.rule(
            Rule::SharedState,
            &state.source,
            "an orchestrator cannot take a `State<T>`: a replay may run in another process",
            format_args!(
                "take `{}` in an activity, and await the activity",
                tidy(referent(&state.ty))
            ),
        );
    }
    for parameter in signature.parameters.iter().skip(1) {
        if is_context(parameter) {
            diagnostics.rule(
                Rule::Context,
                &parameter.source,
                "an orchestrator takes only one context, as its first parameter",
                "remove this parameter",
            );
        }
    }
}

/// The context's own type, without the reference.
pub(crate) fn context_of(ty: &Type) -> Option<&Type> {
    let ty = referent(ty);
    last_segment(ty).filter(|segment| segment.ident == CONTEXT)?;
    Some(ty)
}

fn patterns(signature: &Signature) -> Vec<Pat> {
    let parameters = signature.parameters.iter();
    parameters
        .map(|parameter| (*parameter.source.pat).clone())
        .collect()
}

/// An orchestrator, read.
struct Orchestrator<'a> {
    callable: Callable<'a>,
    options: Options,
    rewritten: Rewritten,
    /// The table of its states.
    table: TokenStream,
}

impl Orchestrator<'_> {
    fn emit(&self) -> TokenStream {
        let seam = item::seam();
        let name = self.callable.name();
        let marker = self.callable.marker();
        let make = quote!(#seam::child_call);
        let call = self
            .callable
            .call_function(&quote!(#seam::ChildCall), &make);
        let run = self.run();
        let usual = item::client_name(name);
        let client = self.options.client.as_ref().unwrap_or(&usual);
        let client = client_stub::emit(&self.callable, client);
        let mocks = mock::emit(&self.callable, &quote!(#seam::ChildCall));
        let implementation = self.implementation();
        let events = self.events();
        let listed = self.callable.listed(&quote!(list.orchestrator::<Self>()));
        let sites = &self.rewritten.sites;
        let (table, visibility) = (&self.table, &self.callable.function.visibility);
        let lints = lints::of_generated();
        let doc = format!(" The state machine of the orchestrator [`{name}()`].");
        quote! {
            #marker
            #call
            #run
            #client
            #mocks
            #lints
            const _: () = {
                impl #name {
                    const __DURABLE_SITES: &'static [#seam::Site] = #sites;

                    #[doc = #doc]
                    #visibility fn state_machine() -> #seam::StateMachine {
                        #seam::state_machine_of::<Self>()
                    }
                }
                // A lint would read the place of a row as what the source has there.
                #[allow(clippy::zero_prefixed_literal)]
                const __TABLE: #seam::StateTable = #table;
                #implementation
                #events
                #listed
            };
        }
    }

    /// The body, which sees its context with the orchestrator's own types.
    fn run(&self) -> TokenStream {
        let parameters = self.callable.signature.parameters.iter().enumerate();
        let inputs: Vec<_> = parameters
            .map(|(position, parameter)| match position {
                0 => typed_context(&parameter.source, self.callable.name()),
                _ => parameter.source.to_token_stream(),
            })
            .collect();
        self.callable.run(&inputs, &self.rewritten.body)
    }

    fn implementation(&self) -> TokenStream {
        let seam = item::seam();
        let name = self.callable.name();
        let text = recorded_name(self.options.name.as_ref(), name);
        let version = self.options.version.as_ref();
        let version = version.map_or_else(|| quote!("1"), ToTokens::to_token_stream);
        let events = &self.options.events;
        let arguments = self.callable.signature.argument_types();
        let (output, error) = self.callable.signature.outcome_types();
        let whole = self.callable.signature.return_type();
        let status = self.options.status.as_ref();
        let status = status.map_or_else(|| quote!(()), ToTokens::to_token_stream);
        let listing = self.rewritten.candidates.listing();
        let retryable = item::probe_retryable();
        let types = self.callable.signature_types();
        let start = self.start();
        quote! {
            impl #seam::Orchestrator for #name {
                const DEFINITION: #seam::OrchestratorDefinition =
                    #seam::OrchestratorDefinition::new(
                        #text,
                        #version,
                        Self::__DURABLE_SITES,
                        #seam::callees_of::<Self>,
                        &[#(<#events as #seam::Event>::NAME),*],
                    )
                    .with_states(#types, __TABLE, #seam::state_machine_of::<Self>);
                const EVENTS: &'static [#seam::EventCode] =
                    &[#(<#events as #seam::Event>::CODE),*];
                type Arguments = #arguments;
                type Return = #whole;
                type Output = #output;
                type Error = #error;
                type Status = #status;

                fn callees(list: &mut #seam::CalleeList) {
                    #listing
                }

                fn is_retryable(error: &Self::Error) -> bool {
                    #retryable
                }

                #seam::payload_schemas! { #arguments -> #output; #(#events),* }

                fn start(
                    cursor: #seam::Cursor,
                    input: ::core::option::Option<#seam::Payload>,
                ) -> #seam::BoxFuture<'static, #seam::BodyEnd> {
                    #start
                }
            }
        }
    }

    fn start(&self) -> TokenStream {
        if !self.callable.sound {
            return quote! {{ let _ = (cursor, input); ::core::unreachable!() }};
        }
        let seam = item::seam();
        let values = self.callable.signature.argument_values();
        let names = self
            .callable
            .signature
            .arguments()
            .map(|argument| &argument.name);
        let returned = quote!(Self::run(&__context, #(#names),*).await);
        let result = self.callable.signature.returns.as_result(&returned);
        quote! {
            #seam::start_orchestrator::<Self, _>(cursor, input.as_ref(), |__context, #values| {
                async move { #result }
            })
        }
    }

    fn events(&self) -> TokenStream {
        let seam = item::seam();
        let (name, events) = (self.callable.name(), &self.options.events);
        let declared = events
            .iter()
            .map(|event| quote_spanned!(event.span()=> impl #seam::Declares<#event> for #name {}));
        let reported = self.options.status.as_ref().map(
            |status| quote_spanned!(status.span()=> impl #seam::Reports<#status> for #name {}),
        );
        let distinct = (events.len() > 1).then(|| {
            let at = events[0].span();
            quote_spanned! {at=>
                const _: () = #seam::assert_distinct_events(&[
                    #(<#events as #seam::Event>::NAME),*
                ]);
            }
        });
        quote!(#(#declared)* #reported #distinct)
    }
}

/// `ctx: &OrchestrationContext` as `ctx: &OrchestrationContext<process_order>`.
fn typed_context(context: &PatType, name: &Ident) -> TokenStream {
    let is_bare = |ty: &Type| last_segment(ty).is_some_and(|last| last.arguments.is_none());
    match (&*context.ty, context_of(&context.ty)) {
        (Type::Reference(reference), Some(ty)) if is_bare(ty) => {
            let (attributes, pattern, colon) = (&context.attrs, &context.pat, &context.colon_token);
            let (and, lifetime) = (&reference.and_token, &reference.lifetime);
            quote!(#(#attributes)* #pattern #colon #and #lifetime #ty<#name>)
        }
        _ => context.to_token_stream(),
    }
}
