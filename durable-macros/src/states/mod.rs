//! The state machine of a function, read from its body as the user wrote it.
//!
//! A state is something durable: an await, an arm of `join!` and `select!`, a call that is made now
//! and awaited later. An edge is a way from one to the next, under the conditions that the source
//! shows. What a called name is, and so which states there really are, the compiler knows: the
//! table that is emitted here is resolved by the runtime
//! (`durable_runtime::definition::StateTable`).

mod calls;
mod flow;
mod graph;
#[cfg(test)]
mod tests;
mod text;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Block;
use syn::Pat;
use syn::ReturnType;
use syn::Type;

use crate::signature::last_segment;

pub(crate) use graph::Graph;
pub(crate) use text::path_text;
use text::type_text;

/// The table of a function with this body; nothing where the body does not parse.
pub(crate) fn table(
    body: &TokenStream,
    parameters: &[Pat],
    output: &ReturnType,
    events: &[Type],
) -> TokenStream {
    let graph = match syn::parse2::<Block>(body.clone()) {
        Ok(block) => graph(&block, parameters, output, events),
        Err(_) => Graph::default(),
    };
    graph.emit()
}

fn graph(block: &Block, parameters: &[Pat], output: &ReturnType, events: &[Type]) -> Graph {
    let names = crate::callees::Names::of(block, parameters);
    flow::Walker::new(&names, returns_result(output), events).function(block)
}

fn returns_result(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => last_segment(ty).is_some_and(|last| last.ident == "Result"),
    }
}

/// The types of what is recorded, and the return type, as a `Signature` of the runtime.
pub(crate) fn signature<'a>(
    arguments: impl Iterator<Item = &'a Type>,
    output: &ReturnType,
) -> TokenStream {
    let seam = crate::item::seam();
    let arguments = arguments.map(type_text);
    let returns = match output {
        ReturnType::Default => "()".to_owned(),
        ReturnType::Type(_, ty) => type_text(ty),
    };
    quote!(#seam::Signature::new(&[#(#arguments),*], #returns))
}
