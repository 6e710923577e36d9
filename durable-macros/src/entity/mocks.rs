//! What makes mocks of the operations of an entity, each typed by the operation's signature.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::operation::Operation;
use crate::item::seam;

/// The functions of the type `mocks`: one for each of `operations`, of its name.
pub(super) fn emit(mocks: &Ident, entity: &Type, operations: &[&Operation<'_>]) -> TokenStream {
    let functions = operations.iter().map(|operation| mock(entity, operation));
    quote! {
        #[allow(private_interfaces, private_bounds, unreachable_pub)]
        impl #mocks {
            #(#functions)*
        }
    }
}

fn mock(entity: &Type, operation: &Operation<'_>) -> TokenStream {
    let seam = seam();
    let signature = &operation.signature;
    let (name, marker) = (operation.name(), operation.marker());
    let visibility = &operation.function.visibility;
    let generics = &operation.function.signature.generics;
    let where_clause = &generics.where_clause;
    let types: Vec<_> = signature.arguments().map(|argument| &argument.ty).collect();
    let values = signature.argument_values();
    let names = signature.arguments().map(|argument| &argument.name);
    let returned = signature.returns.written();
    let answered = signature.returns.as_result(&quote!(__answer(#(#names),*)));
    let arguments = signature.argument_types();
    let (output, error) = signature.outcome_types();
    let configured = operation.configured();
    let about =
        format!(" A mock of the operation `{name}`: answers with what the closure returns.");
    quote! {
        #[doc = #about]
        #(#configured)*
        #visibility fn #name #generics (
            answer: impl ::core::ops::FnMut(#(#types),*) -> #returned
                + ::core::marker::Send + 'static,
        ) -> #seam::Mock<#seam::MockedOperation<#entity, #arguments, #output, #error>> #where_clause {
            let mut __answer = answer;
            #seam::mocked_operation::<#entity, #marker>(move |#values| #answered)
        }
    }
}
