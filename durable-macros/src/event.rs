//! `#[derive(Event)]`: a type raised from outside, under a name.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;
use syn::LitStr;
use syn::Meta;
use syn::Path;
use syn::parse::ParseStream;

use crate::activity::recorded_name;
use crate::debug;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item::seam;
use crate::options;
use crate::options::ReadOption;
use crate::runtime_path;

/// Expands `#[derive(Event)] item`.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut diagnostics = Diagnostics::default();
    let options = read_options(&input, &mut diagnostics);
    let _named = match runtime_path::name(options.runtime.as_ref()) {
        Ok(named) => named,
        Err(error) => return error.to_compile_error(),
    };
    refuse_generics(&input, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    // A generic type cannot be implemented for; the type itself is there in any case.
    let expansion = input
        .generics
        .params
        .is_empty()
        .then(|| emit(&input, &options));
    let expansion = quote!(#expansion #errors);
    debug::print(&input.ident, &expansion);
    expansion
}

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    runtime: Option<Path>,
}

impl ReadOption for Options {
    const VALID: &'static [&'static str] = &["name", "crate"];
    const OF: &'static str = "`#[event]`";

    fn read(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        if name == "crate" {
            self.runtime = Some(runtime_path::read(name, input)?);
            return Ok(());
        }
        let text = options::text(name, input, &[])?;
        if text.value().chars().count() > LONGEST_NAME {
            let what = format!("an event's name can have at most {LONGEST_NAME} characters");
            diagnostics.rule(Rule::OptionValue, &text, what, "choose a shorter name");
        }
        self.name = Some(text);
        Ok(())
    }
}

/// The limit of the runtime.
const LONGEST_NAME: usize = 128;

fn read_options(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Options {
    let mut options = Options::default();
    let own = |attribute: &&syn::Attribute| attribute.path().is_ident("event");
    for attribute in input.attrs.iter().filter(own) {
        match &attribute.meta {
            Meta::List(list) => {
                options::read_all(list.tokens.clone(), &mut options, diagnostics);
            }
            other => diagnostics.rule(
                Rule::OptionValue,
                other,
                "`#[event]` takes its options in parentheses",
                "write `#[event(name = \"…\")]`",
            ),
        }
    }
    options
}

fn refuse_generics(input: &DeriveInput, diagnostics: &mut Diagnostics) {
    if !input.generics.params.is_empty() {
        diagnostics.rule(
            Rule::Event,
            &input.generics,
            "an event type cannot be generic: `durable` finds an event by its name",
            "write a separate type for each event, and derive `Event` for it",
        );
    }
}

fn emit(input: &DeriveInput, options: &Options) -> TokenStream {
    let seam = seam();
    let name = &input.ident;
    let text = recorded_name(options.name.as_ref(), name);
    quote! {
        const _: () = {
            impl #seam::Event for #name {
                const NAME: &'static str = #text;
            }
        };
    }
}
