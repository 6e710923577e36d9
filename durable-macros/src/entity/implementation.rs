//! What stands behind the generated types: a type for each operation, and the implementation of
//! `Entity`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use quote::quote_spanned;
use syn::Ident;
use syn::Type;
use syn::spanned::Spanned;

use super::expand::Options;
use super::operation::Operation;
use super::stubs::Names;
use crate::activity::recorded_name;
use crate::item::seam;

/// An entity, read.
pub(super) struct Implementation<'a> {
    pub(super) names: &'a Names,
    pub(super) entity: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) operations: &'a [Operation<'a>],
    pub(super) options: &'a Options,
    /// Whether no mistake was found.
    pub(super) sound: bool,
}

impl Implementation<'_> {
    pub(super) fn emit(&self) -> TokenStream {
        let seam = seam();
        let Names { calls, section, .. } = self.names;
        let markers = self.operations.iter().map(marker);
        let (ty, entity) = (self.ty, self.entity());
        let name = recorded_name(self.options.name.as_ref(), self.entity);
        let arguments = self.operations.iter().map(|operation| {
            let (configured, text) = (operation.configured(), operation.text());
            let names = operation.signature.argument_names();
            quote!(#(#configured)* (#text, &[#(#names),*]))
        });
        quote! {
            #(#markers)*

            impl ::core::convert::From<#seam::EntityTarget> for #calls {
                fn from(target: #seam::EntityTarget) -> Self {
                    Self(target)
                }
            }

            impl ::core::convert::From<#seam::LockedPart> for #section {
                fn from(part: #seam::LockedPart) -> Self {
                    Self(part)
                }
            }

            #entity

            impl #seam::Listed for #ty {
                fn list(list: &mut #seam::CalleeList) {
                    list.entity(#name, &[#(#arguments),*]);
                }
            }
        }
    }

    fn entity(&self) -> TokenStream {
        let seam = seam();
        let Names { calls, section, .. } = self.names;
        let ty = self.ty;
        let name = recorded_name(self.options.name.as_ref(), self.entity);
        let version = self.options.version.as_ref();
        let version = version.map_or_else(|| quote!("1"), ToTokens::to_token_stream);
        let definitions = self.operations.iter().map(|operation| {
            let (configured, marker) = (operation.configured(), operation.marker());
            quote!(#(#configured)* #seam::OperationDefinition::of::<#marker>())
        });
        let (init, load, run) = (self.init(), self.load(), self.run());
        quote! {
            impl #seam::Entity for #ty {
                const NAME: &'static str = #name;
                const VERSION: &'static str = #version;
                const OPERATIONS: &'static [#seam::OperationDefinition] = &[#(#definitions),*];
                type Calls = #calls;
                type Section = #section;

                fn init() -> Self {
                    #init
                }

                #load

                #[allow(deprecated)]
                fn run<'a>(
                    &'a mut self,
                    __call: #seam::OperationCall<'a>,
                ) -> #seam::OperationFuture<'a> {
                    #run
                }
            }
        }
    }

    /// The first state.
    fn init(&self) -> TokenStream {
        let seam = seam();
        let given = self.options.init.as_ref();
        given.map_or_else(
            || quote_spanned!(self.ty.span()=> #seam::first_state::<Self>()),
            |path| quote_spanned!(path.span()=> #path()),
        )
    }

    /// How a state is read that may be an older one.
    fn load(&self) -> Option<TokenStream> {
        let seam = seam();
        let older = self.options.migrate_from.as_ref()?;
        let read = quote_spanned! {older.span()=>
            #seam::load_state_or_migrate::<Self, #older>(recorded)
        };
        Some(quote! {
            fn load(
                recorded: &#seam::Payload,
            ) -> ::core::result::Result<Self, #seam::CodecError> {
                #read
            }
        })
    }

    fn run(&self) -> TokenStream {
        if !self.sound {
            return quote! {{ let _ = __call; ::core::unreachable!() }};
        }
        let arms = self.operations.iter().map(arm);
        quote! {
            ::std::boxed::Box::pin(async move {
                match __call.operation() {
                    #(#arms)*
                    _ => __call.unknown(),
                }
            })
        }
    }
}

/// The type that stands for an operation. It is private, so that the operation's types may be.
fn marker(operation: &Operation<'_>) -> TokenStream {
    let seam = seam();
    let (configured, marker) = (operation.configured(), operation.marker());
    let (text, read_only) = (operation.text(), operation.read_only);
    let arguments = operation.signature.argument_types();
    let (output, error) = operation.signature.outcome_types();
    quote! {
        #(#configured)*
        #[allow(non_camel_case_types, dead_code)]
        struct #marker {}

        #(#configured)*
        impl #seam::Operation for #marker {
            const NAME: &'static str = #text;
            const READ_ONLY: bool = #read_only;
            type Arguments = #arguments;
            type Output = #output;
            type Error = #error;
        }
    }
}

/// The arm that runs an operation.
fn arm(operation: &Operation<'_>) -> TokenStream {
    let seam = seam();
    let (configured, marker) = (operation.configured(), operation.marker());
    let (text, values) = (operation.text(), operation.signature.argument_values());
    let result = operation.signature.returns.as_result(&operation.run());
    quote! {
        #(#configured)*
        #text => {
            let #values = match __call.arguments_of::<#marker>() {
                ::core::result::Result::Ok(__arguments) => __arguments,
                ::core::result::Result::Err(__refused) => return __refused,
            };
            #seam::OperationResult::of::<#marker>(&#result)
        }
    }
}
