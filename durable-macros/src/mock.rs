//! What makes mocks of a function, typed by its signature.

use proc_macro2::TokenStream;
use quote::quote;

use crate::item;
use crate::item::Callable;
use crate::lints;

/// `with`, `delayed` and `fails_times` of the function that `call` is a call of. Nothing after a
/// mistake: the types may not exist.
pub(crate) fn emit(callable: &Callable<'_>, call: &TokenStream) -> TokenStream {
    let signature = callable.signature;
    if !callable.sound || !signature.usable() {
        return TokenStream::new();
    }
    let seam = item::seam();
    let (name, visibility) = (callable.name(), &callable.function.visibility);
    let types: Vec<_> = signature.arguments().map(|argument| &argument.ty).collect();
    let values = signature.argument_values();
    let names = signature.arguments().map(|argument| &argument.name);
    let returned = signature.returns.written();
    let answered = signature.returns.as_result(&quote!(__answer(#(#names),*)));
    let (_, error) = signature.outcome_types();
    let mock = quote!(#seam::Mock<#call<#name>>);
    let answer = quote! {
        impl ::core::ops::FnMut(#(#types),*) -> #returned + ::core::marker::Send + 'static
    };
    let lints = lints::of_generated();
    quote! {
        #lints
        impl #name {
            /// A mock for the testkit: answers each call with what the closure returns.
            #visibility fn with(answer: #answer) -> #mock {
                let mut __answer = answer;
                #seam::Mock::new(move |#values| #answered)
            }

            /// A mock for the testkit: answers each call after that time.
            #visibility fn delayed(delay: ::core::time::Duration, answer: #answer) -> #mock {
                Self::with(answer).after(delay)
            }

            /// A mock for the testkit: fails so many calls with that error.
            #visibility fn fails_times(times: u32, error: #error) -> #mock {
                #seam::Mock::failing(times, &error)
            }
        }
    }
}
