//! The typed client of an orchestrator.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::quote;

use crate::item;
use crate::item::Callable;
use crate::lints;
use crate::signature::Parameter;

/// The client, of that name.
pub(crate) fn emit(callable: &Callable<'_>, client: &Ident) -> TokenStream {
    let seam = item::seam();
    let (name, visibility) = (callable.name(), &callable.function.visibility);
    let generics = &callable.function.signature.generics;
    let where_clause = &generics.where_clause;
    let parameters = callable.signature.arguments().map(Parameter::declaration);
    let values = callable.signature.argument_values();
    let allowed = callable.allowed_in_vain();
    let about = format!(" Starts and finds instances of the orchestrator [`{name}()`].");
    let lints = lints::of_generated();
    quote! {
        #[doc = #about]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #lints
        #visibility struct #client {
            client: #seam::Client,
        }

        #lints
        impl #client {
            /// A client for the hub that `client` is for.
            #visibility fn new(client: impl ::core::convert::Into<#seam::Client>) -> Self {
                Self { client: ::core::convert::Into::into(client) }
            }

            /// Starts an instance with these arguments.
            #allowed
            #visibility fn start #generics (
                &self,
                #(#parameters),*
            ) -> #seam::StartBuilder<#name> #where_clause {
                self.client.start_call(#seam::child_call::<#name>(#values))
            }

            /// The instance with this id, whether it exists or not.
            #visibility fn instance(
                &self,
                id: impl ::core::convert::AsRef<::core::primitive::str>,
            ) -> #seam::Instance<#name> {
                self.client.instance(id).of::<#name>()
            }
        }
    }
}
