//! What an orchestrator calls, listed without running it.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use super::Orchestrator;
use crate::activity::Activity;
use crate::definition::Callee;

/// The callees found so far.
#[derive(Debug, Default)]
pub struct CalleeList {
    found: BTreeSet<Callee>,
    /// The helpers that were looked into: a helper may call itself.
    helpers: Vec<TypeId>,
}

impl CalleeList {
    /// Adds an activity.
    pub fn activity<A: Activity>(&mut self) {
        self.found.insert(Callee::Activity(A::NAME));
    }

    /// Adds an orchestrator.
    pub fn orchestrator<O: Orchestrator>(&mut self) {
        let definition = &O::DEFINITION;
        let callee = Callee::Orchestrator(definition.name, definition.version);
        self.found.insert(callee);
    }

    /// Adds an entity, by name.
    pub fn entity(&mut self, name: &'static str) {
        self.found.insert(Callee::Entity(name));
    }

    /// Adds what an inline helper calls.
    pub fn inline<H: 'static>(&mut self, callees: impl FnOnce(&mut Self)) {
        let helper = TypeId::of::<H>();
        if !self.helpers.contains(&helper) {
            self.helpers.push(helper);
            callees(self);
        }
    }
}

/// The callees of `O`, sorted.
pub fn callees_of<O: Orchestrator>() -> Vec<Callee> {
    let mut list = CalleeList::default();
    O::callees(&mut list);
    list.found.into_iter().collect()
}

/// A function that an orchestrator may call; the macros implement it.
pub trait Listed {
    /// Adds the function, or what it calls, to `list`.
    fn list(list: &mut CalleeList);
}

/// Asks whether a type is [`Listed`]; generated code asks, and the compiler prefers
/// [`ListedCallee`] where that applies.
pub struct CalleeProbe<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> CalleeProbe<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "for generated code only")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: ?Sized> fmt::Debug for CalleeProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CalleeProbe")
    }
}

/// The answer of a type that is [`Listed`].
pub trait ListedCallee {
    /// Adds it to `list`.
    fn list(&self, list: &mut CalleeList);
}

impl<T: Listed> ListedCallee for CalleeProbe<T> {
    fn list(&self, list: &mut CalleeList) {
        T::list(list);
    }
}

/// The answer for any other type.
pub trait UnlistedCallee {
    /// Adds nothing.
    fn list(&self, _list: &mut CalleeList) {}
}

impl<T: ?Sized> UnlistedCallee for &CalleeProbe<T> {}
