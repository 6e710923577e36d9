//! What lints have nothing to say about: generated code is not the user's to mend.
//!
//! Each list begins with `unknown_lints`, for it names lints that only newer compilers know.

use proc_macro2::TokenStream;
use quote::quote;

/// For items that are generated in whole.
pub(crate) fn of_generated() -> TokenStream {
    quote! {
        #[allow(
            unknown_lints,
            dead_code,
            clippy::exhaustive_structs,
            clippy::impl_trait_in_params,
            clippy::missing_inline_in_public_items,
            clippy::must_use_candidate,
            clippy::too_many_arguments,
            clippy::unused_async_trait_impl
        )]
    }
}

/// For items around a body of the user's: they speak of that body, and not of what is around it.
pub(crate) fn around_a_body() -> TokenStream {
    quote! {
        #[allow(
            unknown_lints,
            dead_code,
            clippy::drop_non_drop,
            clippy::missing_const_for_fn,
            clippy::missing_errors_doc,
            clippy::missing_inline_in_public_items,
            clippy::missing_panics_doc,
            clippy::must_use_candidate,
            clippy::needless_pass_by_value,
            clippy::unused_async,
            clippy::unused_async_trait_impl
        )]
    }
}

/// For the block of an entity, whose methods are the user's: only what the attribute asks of them, or
/// forbids, is no fault of theirs.
pub(crate) fn of_methods() -> TokenStream {
    quote! {
        #[allow(
            unknown_lints,
            clippy::missing_const_for_fn,
            clippy::needless_pass_by_value,
            clippy::unused_async,
            clippy::unused_async_trait_impl
        )]
    }
}
