//! From the tokens under the attribute to those that stand in their place.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use quote::quote;
use syn::LitStr;
use syn::Path;
use syn::Type;
use syn::parse::ParseStream;

use super::block::ImplBlock;
use super::block::Member;
use super::implementation::Implementation;
use super::mocks;
use super::operation;
use super::operation::Operation;
use super::stubs;
use super::stubs::Names;
use super::stubs::Stubs;
use crate::debug;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::item::Function;
use crate::lints;
use crate::options;
use crate::options::ReadOption;
use crate::runtime_path;

/// Expands `#[entity(options)] item`.
pub(crate) fn expand(options: TokenStream, item: &TokenStream) -> TokenStream {
    let block: ImplBlock = match syn::parse2(item.clone()) {
        Ok(block) => block,
        Err(error) => return refuse_item(item, error),
    };
    let mut diagnostics = Diagnostics::default();
    let mut read = Options::default();
    options::read_all(options, &mut read, &mut diagnostics);
    let _named = match runtime_path::name(read.runtime.as_ref()) {
        Ok(named) => named,
        Err(error) => return item::refused(item, &error),
    };
    let plain = block.check(&mut diagnostics);
    refuse_macros(&block, &mut diagnostics);
    let operations = operation::read_all(&block, methods(&block), &mut diagnostics);
    refuse_none(&block, &operations, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    let written = written(&block, &operations);
    let Some(entity) = block.name().filter(|_| plain) else {
        return quote!(#written #errors);
    };
    let names = Names::of(entity, read.client.as_ref());
    let visibility = stubs::widest(operations.iter().map(|one| &one.function.visibility));
    let (ty, sound) = (&block.ty, errors.is_empty());
    let types = names.types(entity, ty, &visibility);
    let callable: Vec<&Operation<'_>> = operations.iter().filter(|one| one.callable).collect();
    let stubs = Stubs {
        names: &names,
        ty,
        operations: &callable,
        has_at: methods(&block).any(|method| method.signature.ident == "at"),
        visibility: &visibility,
        sound,
    };
    let implementation = Implementation {
        names: &names,
        entity,
        ty,
        operations: &operations,
        options: &read,
        sound,
    };
    let (stubs, implementation) = (stubs.emit(), implementation.emit());
    let lints = lints::of_generated();
    let mocks = sound.then(|| mocks::emit(&names.mocks, ty, &callable));
    let expansion = quote! {
        #written
        #types
        #lints
        const _: () = {
            #stubs
            #implementation
            #mocks
        };
    };
    debug::print(entity, &expansion);
    quote!(#expansion #errors)
}

/// What stands in place of an item that is no block, or a broken one: itself, and why.
fn refuse_item(item: &TokenStream, error: syn::Error) -> TokenStream {
    let is_block = |token: TokenTree| matches!(token, TokenTree::Ident(word) if word == "impl");
    // The compiler itself says best what is wrong with a broken block.
    let error = if item.clone().into_iter().any(is_block) {
        error
    } else {
        Rule::EntityBlock.error(
            item,
            "`#[entity]` can only be used on an `impl` block",
            "put it on the block that defines the operations",
        )
    };
    item::refused(item, &error)
}

fn methods(block: &ImplBlock) -> impl Iterator<Item = &Function> {
    block.members.iter().filter_map(|member| match member {
        Member::Method(method) => Some(&**method),
        Member::Other(_) => None,
    })
}

/// A macro in the block may hide operations.
fn refuse_macros(block: &ImplBlock, diagnostics: &mut Diagnostics) {
    for member in &block.members {
        if let Member::Other(other) = member
            && let syn::ImplItem::Macro(call) = &**other
        {
            diagnostics.rule(
                Rule::Operations,
                call,
                "`#[entity]` cannot see what this macro expands to, so its functions would not \
                 become operations",
                "write the operations in this block, and move the macro to another `impl` block",
            );
        }
    }
}

fn refuse_none(block: &ImplBlock, operations: &[Operation<'_>], diagnostics: &mut Diagnostics) {
    if operations.is_empty() && diagnostics.is_empty() {
        diagnostics.rule(
            Rule::Operations,
            &block.ty,
            "this entity has no operations",
            "add a method that takes `&mut self` or `&self`",
        );
    }
}

/// The block as it was written, without the attributes that are the macro's own.
fn written(block: &ImplBlock, operations: &[Operation<'_>]) -> TokenStream {
    let operation_of = |method: &Function| {
        let mut operations = operations.iter();
        operations.find(|operation| std::ptr::eq(operation.function, method))
    };
    let members = block.members.iter().map(|member| match member {
        Member::Method(method) => match operation_of(method) {
            Some(operation) => operation.method(),
            None => operation::other(method),
        },
        Member::Other(other) => other.to_token_stream(),
    });
    let block = block.around(&quote!(#(#members)*));
    let lints = lints::of_methods();
    quote! {
        #lints
        #block
    }
}

/// The options of an entity.
#[derive(Default)]
pub(super) struct Options {
    pub(super) name: Option<LitStr>,
    pub(super) version: Option<LitStr>,
    pub(super) init: Option<Path>,
    pub(super) migrate_from: Option<Type>,
    client: Option<Ident>,
    runtime: Option<Path>,
}

impl ReadOption for Options {
    const VALID: &'static [&'static str] =
        &["name", "version", "init", "migrate_from", "client", "crate"];
    const OF: &'static str = "`#[entity]`";

    fn read(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        _diagnostics: &mut Diagnostics,
    ) -> syn::Result<()> {
        match name.to_string().as_str() {
            "name" => self.name = Some(options::text(name, input, &['@'])?),
            "version" => self.version = Some(options::text(name, input, &['@'])?),
            "crate" => self.runtime = Some(runtime_path::read(name, input)?),
            "client" => self.client = Some(options::type_name(name, input)?),
            "init" => self.init = Some(options::value(name, input)?),
            _ => self.migrate_from = Some(options::value(name, input)?),
        }
        Ok(())
    }
}
