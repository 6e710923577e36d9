//! Finds the activity or orchestrator of a function item by its return type.

use super::Registry;
use crate::activity::Activity;
use crate::orchestration::Call;
use crate::orchestration::ChildCall;
use crate::orchestration::Orchestrator;

/// A function that can be registered: one with `#[activity]` or `#[orchestrator]`.
///
/// ```compile_fail
/// use durable_runtime::registry::Registry;
///
/// fn plain() {}
///
/// Registry::default().register(plain); // neither an activity nor an orchestrator
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered",
    label = "neither an activity nor an orchestrator",
    note = "register a function that has `#[activity]` or `#[orchestrator]`, by its name and \
            without calling it [D034]"
)]
pub trait Register<Signature> {
    /// Adds the function to `registry`.
    fn register_in(self, registry: &mut Registry);
}

/// The return type of a function that can be registered: a call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a call to an activity or orchestrator",
    label = "neither an activity nor an orchestrator",
    note = "register a function that has `#[activity]` or `#[orchestrator]` [D034]"
)]
pub trait Callable {
    /// Adds the called function to `registry`.
    fn register_in(registry: &mut Registry);
}

impl<A: Activity> Callable for Call<A> {
    fn register_in(registry: &mut Registry) {
        registry.add_activity::<A>();
    }
}

impl<O: Orchestrator> Callable for ChildCall<O> {
    fn register_in(registry: &mut Registry) {
        registry.add_orchestrator::<O>();
    }
}

macro_rules! register {
    ($($argument:ident),*) => {
        impl<F, C, $($argument),*> Register<fn($($argument),*) -> C> for F
        where
            F: Fn($($argument),*) -> C,
            C: Callable,
        {
            fn register_in(self, registry: &mut Registry) {
                C::register_in(registry);
            }
        }
    };
}

register!();
register!(A1);
register!(A1, A2);
register!(A1, A2, A3);
register!(A1, A2, A3, A4);
register!(A1, A2, A3, A4, A5);
register!(A1, A2, A3, A4, A5, A6);
register!(A1, A2, A3, A4, A5, A6, A7);
register!(A1, A2, A3, A4, A5, A6, A7, A8);
register!(A1, A2, A3, A4, A5, A6, A7, A8, A9);
register!(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10);
register!(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11);
register!(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12);
