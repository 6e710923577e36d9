//! `DURABLE_MACROS_DEBUG=<fn name>` prints what the macro emitted for that function.

use proc_macro2::Ident;
use proc_macro2::TokenStream;

/// Prints `expansion` to stderr if the user asked for `name`.
pub(crate) fn print(name: &Ident, expansion: &TokenStream) {
    let wanted = std::env::var("DURABLE_MACROS_DEBUG");
    if wanted.is_ok_and(|wanted| *name == wanted) {
        eprintln!("// expansion of `{name}`\n{expansion}");
    }
}
