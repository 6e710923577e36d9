//! The types through which the operations of an entity are called: `AccountCalls`,
//! `AccountSection` and `AccountClient` for `Account`; beside them `AccountMocks`.
//!
//! Each operation's methods are as visible as the operation. The first two types are public: the
//! implementation of a trait names them, and the entity's type may be public. Their names matter to
//! nobody. The client is as visible as the most visible operation.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote;
use syn::Type;
use syn::Visibility;

use super::operation::Operation;
use crate::item::seam;
use crate::lints;
use crate::signature::Parameter;

/// The names of the generated types.
pub(super) struct Names {
    pub(super) calls: Ident,
    pub(super) section: Ident,
    pub(super) client: Ident,
    pub(super) mocks: Ident,
}

impl Names {
    /// The names; the client's is `client` if the user chose it.
    pub(super) fn of(entity: &Ident, client: Option<&Ident>) -> Self {
        Self {
            calls: format_ident!("{entity}Calls"),
            section: format_ident!("{entity}Section"),
            client: client
                .cloned()
                .unwrap_or_else(|| format_ident!("{entity}Client")),
            mocks: format_ident!("{entity}Mocks"),
        }
    }

    /// The types without their methods.
    pub(super) fn types(&self, entity: &Ident, ty: &Type, visibility: &Visibility) -> TokenStream {
        let seam = seam();
        let Self {
            calls,
            section,
            client,
            mocks,
        } = self;
        let about_calls =
            format!(" The operations of the entity [`{entity}`] for orchestrators and entities.");
        let about_section =
            format!(" The operations of the entity [`{entity}`] while it is locked.");
        let about_mocks = format!(
            " Mocks of the operations of the entity [`{entity}`], for tests: each answers in place \
             of its operation, whatever the key, and leaves the state as it is."
        );
        let lints = lints::of_generated();
        let about_client = format!(" Calls and signals the entity [`{entity}`] from outside.");
        quote! {
            #[doc = #about_calls]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #lints
            #[allow(unreachable_pub, unnameable_types)]
            pub struct #calls(#seam::EntityTarget);

            #[doc = #about_section]
            #[derive(::core::fmt::Debug)]
            #lints
            #[allow(unreachable_pub, unnameable_types)]
            pub struct #section(#seam::LockedPart);

            #[doc = #about_client]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #lints
            #[allow(private_interfaces)]
            #visibility struct #client(#seam::EntityHandle<#ty>);

            #[doc = #about_mocks]
            #[derive(::core::fmt::Debug)]
            #lints
            #visibility struct #mocks {}
        }
    }
}

/// The methods of the generated types.
pub(super) struct Stubs<'a> {
    pub(super) names: &'a Names,
    pub(super) ty: &'a Type,
    pub(super) operations: &'a [&'a Operation<'a>],
    /// Whether the user's block has a function `at` by mistake.
    pub(super) has_at: bool,
    /// Of the client, and of what is there besides the operations.
    pub(super) visibility: &'a Visibility,
    /// Whether no mistake was found.
    pub(super) sound: bool,
}

impl Stubs<'_> {
    pub(super) fn emit(&self) -> TokenStream {
        let (at, client) = ((!self.has_at).then(|| self.at()), self.client());
        let (calls, section) = (self.calls(), self.section());
        quote!(#at #calls #section #client)
    }

    fn at(&self) -> TokenStream {
        let seam = seam();
        let (ty, visibility, allowed) = (self.ty, self.visibility, allowed());
        quote! {
            #allowed
            impl #ty {
                /// The entity under `key`, for orchestrators and other entities.
                #visibility fn at(
                    key: impl ::core::convert::AsRef<str>,
                ) -> #seam::EntityRef<Self> {
                    #seam::EntityRef::new(key)
                }
            }
        }
    }

    fn calls(&self) -> TokenStream {
        let seam = seam();
        let (name, allowed) = (&self.names.calls, allowed());
        let methods = self.operations.iter().map(|operation| {
            let (value, error) = operation.signature.outcome_types();
            let call = self.method(
                operation,
                &Form {
                    name: operation.name().clone(),
                    docs: operation.docs(),
                    receiver: quote!(&self),
                    returns: quote!(#seam::EntityCall<#value, #error>),
                    call: quote!(#seam::operation_call),
                    target: Some(quote!(&self.0)),
                },
            );
            let signal = (!operation.read_only).then(|| {
                self.method(
                    operation,
                    &Form {
                        name: operation.signal(),
                        docs: operation.signal_docs(),
                        receiver: quote!(&self),
                        returns: quote!(#seam::EntitySignal),
                        call: quote!(#seam::operation_signal),
                        target: Some(quote!(&self.0)),
                    },
                )
            });
            quote!(#call #signal)
        });
        quote!(#allowed impl #name { #(#methods)* })
    }

    fn section(&self) -> TokenStream {
        let seam = seam();
        let (name, allowed) = (&self.names.section, allowed());
        let methods = self.operations.iter().map(|operation| {
            let (value, error) = operation.signature.outcome_types();
            self.method(
                operation,
                &Form {
                    name: operation.name().clone(),
                    docs: operation.docs(),
                    receiver: quote!(&mut self),
                    returns: quote!(#seam::LockedCall<'_, #value, #error>),
                    call: quote!(#seam::section_call),
                    target: Some(quote!(&mut self.0)),
                },
            )
        });
        quote!(#allowed impl #name { #(#methods)* })
    }

    fn client(&self) -> TokenStream {
        let seam = seam();
        let (name, visibility, allowed) = (&self.names.client, self.visibility, allowed());
        let ty = self.ty;
        let methods = self.operations.iter().map(|operation| {
            let (value, error) = operation.signature.outcome_types();
            let call = self.method(
                operation,
                &Form {
                    name: operation.name().clone(),
                    docs: operation.docs(),
                    receiver: quote!(&self),
                    returns: quote!(#seam::ClientCall<#value, #error>),
                    call: quote!(self.0.operation_call),
                    target: None,
                },
            );
            let signal = (!operation.read_only).then(|| {
                self.method(
                    operation,
                    &Form {
                        name: operation.signal(),
                        docs: operation.signal_docs(),
                        receiver: quote!(&self),
                        returns: quote!(#seam::ClientSignal),
                        call: quote!(self.0.operation_signal),
                        target: None,
                    },
                )
            });
            quote!(#call #signal)
        });
        let looks = self.looks();
        quote! {
            #allowed
            impl #name {
                /// The entity under `key` in the hub that `client` is for.
                #visibility fn new(
                    client: impl ::core::convert::Into<#seam::Client>,
                    key: impl ::core::convert::AsRef<str>,
                ) -> Self {
                    let client: #seam::Client = ::core::convert::Into::into(client);
                    Self(client.entity::<#ty>(key))
                }

                #(#methods)*
                #looks
            }
        }
    }

    /// What the client has besides the operations. An operation of the same name takes its place.
    fn looks(&self) -> TokenStream {
        let seam = seam();
        let (ty, visibility) = (self.ty, self.visibility);
        let is_free = |name: &str| {
            let mut operations = self.operations.iter();
            operations.all(|operation| operation.text() != name)
        };
        let id = is_free("id").then(|| {
            quote! {
                /// The entity's name and key.
                #visibility fn id(&self) -> &#seam::EntityId {
                    self.0.id()
                }
            }
        });
        let state = is_free("state").then(|| {
            quote! {
                /// The entity's state as it was committed last, `None` when it has none. It waits
                /// for nothing, and writes nothing.
                ///
                /// # Errors
                /// When the state is not one that this code reads, or the store fails.
                #visibility async fn state(
                    &self,
                ) -> ::core::result::Result<::core::option::Option<#ty>, #seam::ClientError> {
                    self.0.state().await
                }
            }
        });
        let info = is_free("info").then(|| {
            quote! {
                /// What is known of the entity; `None` when it has no state, is not locked and
                /// nothing waits for it.
                ///
                /// # Errors
                /// When the store fails.
                #visibility async fn info(
                    &self,
                ) -> ::core::result::Result<
                    ::core::option::Option<#seam::EntityInfo>,
                    #seam::ClientError,
                > {
                    self.0.info().await
                }
            }
        });
        quote!(#id #state #info)
    }

    fn method(&self, operation: &Operation<'_>, form: &Form) -> TokenStream {
        let Form {
            name,
            docs,
            receiver,
            returns,
            call,
            target,
        } = form;
        let visibility = &operation.function.visibility;
        let generics = &operation.function.signature.generics;
        let where_clause = &generics.where_clause;
        let parameters = operation.signature.arguments().map(Parameter::declaration);
        let (values, marker) = (operation.signature.argument_values(), operation.marker());
        let target = target.iter();
        let in_vain = (!self.sound).then(|| quote!(#[allow(unused)]));
        quote! {
            #(#docs)*
            #[track_caller]
            #in_vain
            #visibility fn #name #generics (#receiver, #(#parameters),*) -> #returns #where_clause {
                #call::<#marker>(#(#target,)* #values)
            }
        }
    }
}

/// What differs between the methods of an operation.
struct Form {
    name: Ident,
    docs: Vec<syn::Attribute>,
    receiver: TokenStream,
    returns: TokenStream,
    /// What makes the call.
    call: TokenStream,
    /// Its first argument.
    target: Option<TokenStream>,
}

fn allowed() -> TokenStream {
    quote! {
        #[allow(
            private_interfaces,
            unreachable_pub,
            clippy::wrong_self_convention,
            clippy::should_implement_trait
        )]
    }
}

/// The visibility of what belongs to all operations: that of the most visible one.
pub(super) fn widest<'a>(visibilities: impl Iterator<Item = &'a Visibility>) -> Visibility {
    let reach = |visibility: &&Visibility| match visibility {
        Visibility::Public(_) => 3,
        Visibility::Restricted(restricted) if restricted.path.is_ident("crate") => 2,
        Visibility::Restricted(restricted) if !restricted.path.is_ident("self") => 1,
        _ => 0,
    };
    visibilities
        .max_by_key(reach)
        .cloned()
        .unwrap_or(Visibility::Inherited)
}
