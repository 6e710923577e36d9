//! `#[activity]`: options and signature into a model, the model into a call function, `run` and an
//! implementation of `Activity`.

use std::time::Duration;

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use quote::quote_spanned;
use syn::Expr;
use syn::LitStr;
use syn::Path;
use syn::Type;
use syn::parse::ParseStream;
use syn::spanned::Spanned;

use crate::body::refusing_calls;
use crate::debug;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::item::Callable;
use crate::item::Function;
use crate::lints;
use crate::mock;
use crate::numbers::count;
use crate::numbers::duration;
use crate::numbers::duration_tokens;
use crate::numbers::factor;
use crate::options;
use crate::options::ReadOption;
use crate::runtime_path;
use crate::signature::Role;
use crate::signature::Signature;
use crate::signature::referent;
use crate::signature::tidy;

/// Expands `#[activity(options)] item`.
pub(crate) fn expand(options: TokenStream, item: &TokenStream) -> TokenStream {
    let function = match item::function("#[activity]", item) {
        Ok(function) => function,
        Err(instead) => return instead,
    };
    if let Some(instead) = item::refuse_method(&function, item) {
        return instead;
    }
    let mut diagnostics = Diagnostics::default();
    let mut read = Options::default();
    options::read_all(options, &mut read, &mut diagnostics);
    let _named = match runtime_path::name(read.runtime.as_ref()) {
        Ok(named) => named,
        Err(error) => return item::refused(item, &error),
    };
    let signature = Signature::read(&function.signature, "ActivityContext", &mut diagnostics);
    check_signature(&function, &signature, &read, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    let activity = Activity {
        callable: Callable {
            function: &function,
            signature: &signature,
            kind: "activity",
            sound: errors.is_empty(),
        },
        options: read,
    };
    let expansion = activity.emit();
    debug::print(&signature.name, &expansion);
    quote!(#expansion #errors)
}

/// The options of an activity.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    queue: Option<LitStr>,
    timeout: Option<Duration>,
    heartbeat_timeout: Option<Duration>,
    max_concurrent: Option<usize>,
    blocking: Option<Ident>,
    retry: Retry,
    runtime: Option<Path>,
}

impl ReadOption for Options {
    const VALID: &'static [&'static str] = &[
        "retry",
        "timeout",
        "heartbeat_timeout",
        "name",
        "queue",
        "blocking",
        "max_concurrent",
        "crate",
    ];
    const OF: &'static str = "`#[activity]`";

    fn read(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        match name.to_string().as_str() {
            "name" => self.name = Some(options::text(name, input, &['@'])?),
            "crate" => self.runtime = Some(runtime_path::read(name, input)?),
            "queue" => self.queue = Some(options::text(name, input, &[])?),
            "blocking" => {
                options::flag(name, input)?;
                self.blocking = Some(name.clone());
            }
            "timeout" => {
                options::equals(name, input)?;
                self.timeout = Some(duration(input)?);
            }
            "heartbeat_timeout" => {
                options::equals(name, input)?;
                self.heartbeat_timeout = Some(duration(input)?);
            }
            "max_concurrent" => {
                options::equals(name, input)?;
                self.max_concurrent = Some(count::<u32>(input, "max_concurrent")? as usize);
            }
            _ => {
                let list = options::list(name, input)?;
                let mut mistakes = Diagnostics::default();
                options::read_all(list, &mut self.retry, &mut mistakes);
                if mistakes.is_empty() {
                    self.retry.check(name, diagnostics);
                }
                diagnostics.absorb(mistakes);
            }
        }
        Ok(())
    }
}

/// The options in `retry(…)`.
#[derive(Default)]
struct Retry {
    max_attempts: Option<u32>,
    initial: Option<Duration>,
    backoff: Option<f64>,
    max_interval: Option<Duration>,
    total_timeout: Option<Duration>,
    jitter: Option<f64>,
    non_retryable: Option<Expr>,
}

impl ReadOption for Retry {
    const VALID: &'static [&'static str] = &[
        "max_attempts",
        "initial",
        "backoff",
        "max_interval",
        "total_timeout",
        "jitter",
        "non_retryable",
    ];
    const OF: &'static str = "`retry`";

    fn read(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        _diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        options::equals(name, input)?;
        match name.to_string().as_str() {
            "max_attempts" => self.max_attempts = Some(count(input, "max_attempts")?),
            "initial" => self.initial = Some(duration(input)?),
            "max_interval" => self.max_interval = Some(duration(input)?),
            "total_timeout" => self.total_timeout = Some(duration(input)?),
            "backoff" => {
                let range = "`backoff` must be a number greater than or equal to 1";
                self.backoff = Some(factor(input, range, "2.0", |n| n >= 1.0 && n.is_finite())?);
            }
            "jitter" => {
                let range = "`jitter` must be a number between 0 and 1";
                self.jitter = Some(factor(input, range, "0.1", |n| (0.0..=1.0).contains(&n))?);
            }
            _ => self.non_retryable = Some(input.parse()?),
        }
        Ok(())
    }
}

impl Retry {
    /// Only `non_retryable` makes sense without a number of attempts: for policies given at calls.
    fn check(&self, name: &Ident, diagnostics: &mut Diagnostics) {
        if self.max_attempts.is_none() && !self.only_a_test() {
            diagnostics.rule(
                Rule::OptionValue,
                name,
                "`retry` needs a maximum number of attempts",
                "write `retry(max_attempts = 3)`; the number includes the first attempt",
            );
        }
    }

    fn only_a_test(&self) -> bool {
        let durations = [self.initial, self.max_interval, self.total_timeout];
        let factors = [self.backoff, self.jitter];
        let none = durations.iter().all(Option::is_none) && factors.iter().all(Option::is_none);
        none && self.non_retryable.is_some()
    }

    fn policy(&self) -> TokenStream {
        let Some(max_attempts) = self.max_attempts else {
            return quote!(::core::option::Option::None);
        };
        let seam = item::seam();
        let initial = duration_tokens(self.initial.unwrap_or(Duration::from_secs(1)));
        let backoff = self.backoff.map(|factor| quote!(.backoff(#factor)));
        let jitter = self.jitter.map(|share| quote!(.jitter(#share)));
        let max_interval = self.max_interval.map(duration_tokens);
        let max_interval = max_interval.map(|interval| quote!(.max_interval(#interval)));
        let total_timeout = self.total_timeout.map(duration_tokens);
        let total_timeout = total_timeout.map(|timeout| quote!(.total_timeout(#timeout)));
        quote! {
            ::core::option::Option::Some(
                #seam::RetryPolicy::new(#max_attempts, #initial)
                    #backoff #max_interval #total_timeout #jitter
            )
        }
    }
}

fn check_signature(
    function: &Function,
    signature: &Signature,
    options: &Options,
    diagnostics: &mut Diagnostics,
) {
    match (&function.signature.asyncness, &options.blocking) {
        (Some(asyncness), Some(_)) => diagnostics.rule(
            Rule::Function,
            asyncness,
            "a `blocking` activity cannot be `async`: it runs on the blocking pool",
            "remove `async`, or remove the option `blocking`",
        ),
        (None, None) => diagnostics.rule(
            Rule::Function,
            function.signature.fn_token,
            "an activity must be an `async fn`",
            "add `async`, or write `#[activity(blocking)]` if the body blocks its thread",
        ),
        _ => {}
    }
    let mut contexts = signature
        .parameters
        .iter()
        .filter(|p| p.role == Role::Context);
    if let Some(second) = contexts.nth(1) {
        diagnostics.rule(
            Rule::Context,
            &second.source,
            "an activity takes only one context",
            "remove this parameter",
        );
    }
    let injected = signature
        .parameters
        .iter()
        .filter(|p| matches!(p.role, Role::Context | Role::State));
    for parameter in injected.filter(|p| matches!(p.ty, Type::Reference(_))) {
        let owned = tidy(referent(&parameter.ty));
        diagnostics.rule(
            Rule::Context,
            &parameter.ty,
            "an activity takes its context and its state by value",
            format_args!("write `{owned}`"),
        );
    }
}

/// An activity, read.
struct Activity<'a> {
    callable: Callable<'a>,
    options: Options,
}

impl Activity<'_> {
    fn emit(&self) -> TokenStream {
        let seam = item::seam();
        let marker = self.callable.marker();
        let make = quote!(#seam::activity_call);
        let call = self.callable.call_function(&quote!(#seam::Call), &make);
        let inputs = &self.callable.function.signature.inputs;
        let inputs: Vec<_> = inputs.iter().map(ToTokens::to_token_stream).collect();
        let body = refusing_calls(&self.callable.function.body);
        let run = self.callable.run(&inputs, &body);
        let mocks = mock::emit(&self.callable, &quote!(#seam::Call));
        let implementation = self.implementation();
        let listed = self.callable.listed(&quote!(list.activity::<Self>()));
        let lints = lints::of_generated();
        quote! {
            #marker
            #call
            #run
            #mocks
            #lints
            const _: () = {
                #implementation
                #listed
            };
        }
    }

    fn implementation(&self) -> TokenStream {
        let seam = item::seam();
        let name = self.callable.name();
        let text = recorded_name(self.options.name.as_ref(), name);
        let signature = self.callable.signature_types();
        let blocking = self.options.blocking.is_some();
        let max_concurrent = optional(self.options.max_concurrent.map(|most| quote!(#most)));
        let arguments = self.callable.signature.argument_types();
        let (output, error) = self.callable.signature.outcome_types();
        let options = self.call_options();
        let retryable = self.is_retryable();
        let states = self.injected_types();
        let invoke = self.invoke();
        quote! {
            impl #seam::Activity for #name {
                const NAME: &'static str = #text;
                const BLOCKING: bool = #blocking;
                const MAX_CONCURRENT: ::core::option::Option<usize> = #max_concurrent;
                const SIGNATURE: #seam::Signature = #signature;
                type Arguments = #arguments;
                type Output = #output;
                type Error = #error;

                fn options() -> #seam::CallOptions {
                    #options
                }

                fn is_retryable(error: &Self::Error) -> bool {
                    #retryable
                }

                fn states() -> #seam::RequiredStates {
                    #seam::required_states(&[#(<#states as #seam::Injected>::required),*])
                }

                fn invoke(
                    invocation: #seam::ActivityInvocation,
                ) -> #seam::BoxFuture<'static, #seam::AttemptEnd> {
                    #invoke
                }
            }
        }
    }

    fn injected_types(&self) -> Vec<&Type> {
        let parameters = self.callable.signature.parameters.iter();
        let injected = parameters.filter(|parameter| parameter.role != Role::Argument);
        let usable = self.callable.sound && self.callable.signature.usable();
        injected
            .map(|parameter| &parameter.ty)
            .filter(|_| usable)
            .collect()
    }

    fn call_options(&self) -> TokenStream {
        let seam = item::seam();
        let retry = self.options.retry.policy();
        let timeout = optional(self.options.timeout.map(duration_tokens));
        let heartbeat = optional(self.options.heartbeat_timeout.map(duration_tokens));
        let queue = optional(self.options.queue.as_ref().map(ToTokens::to_token_stream));
        quote!(#seam::call_options(#retry, #timeout, #heartbeat, #queue))
    }

    fn is_retryable(&self) -> TokenStream {
        let seam = item::seam();
        match &self.options.retry.non_retryable {
            Some(test) => {
                quote_spanned!(test.span()=> !#seam::test_error::<Self::Error>(#test, error))
            }
            None => item::probe_retryable(),
        }
    }

    fn invoke(&self) -> TokenStream {
        if !self.callable.sound {
            return quote! {{ let _ = invocation; ::core::unreachable!() }};
        }
        let seam = item::seam();
        let values = self.callable.signature.argument_values();
        let signature = self.callable.signature;
        let parameters = signature.parameters.iter().map(item::injected);
        let run = quote!(Self::run(#(#parameters),*));
        if self.options.blocking.is_some() {
            let injections = self.injections();
            let names = signature.parameters.iter().map(|parameter| &parameter.name);
            let result = signature.returns.as_result(&quote!(Self::run(#(#names),*)));
            return quote! {
                #seam::invoke_blocking::<Self, _, _>(&invocation, |__scope, #values| {
                    #injections
                    ::core::result::Result::Ok(move || #result)
                })
            };
        }
        let result = signature.returns.as_result(&quote!(__running.await));
        quote! {
            #seam::invoke_async::<Self, _, _>(&invocation, |__scope, #values| {
                let __running = #run;
                ::core::result::Result::Ok(async move { #result })
            })
        }
    }

    /// Takes contexts and states before the body moves to the blocking pool.
    fn injections(&self) -> TokenStream {
        let parameters = self.callable.signature.parameters.iter();
        let injected = parameters.filter(|parameter| parameter.role != Role::Argument);
        injected
            .map(|parameter| {
                let (name, value) = (&parameter.name, item::injected(parameter));
                quote!(let #name = #value;)
            })
            .collect()
    }
}

/// The name under which a function is recorded.
pub(crate) fn recorded_name(given: Option<&LitStr>, name: &Ident) -> TokenStream {
    use syn::ext::IdentExt;
    given.map_or_else(
        || name.unraw().to_string().into_token_stream(),
        ToTokens::to_token_stream,
    )
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    let absent = quote!(::core::option::Option::None);
    value.map_or(absent, |value| quote!(::core::option::Option::Some(#value)))
}
