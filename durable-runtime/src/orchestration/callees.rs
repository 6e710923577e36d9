//! The callees of an orchestrator, listed without running it.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use super::Orchestrator;
use crate::activity::Activity;
use crate::definition::Callee;
use crate::definition::FunctionStates;
use crate::definition::Resolution;
use crate::definition::Resolved;
use crate::definition::Signature;
use crate::definition::StateMachine;
use crate::definition::StateTable;

/// The callees found so far.
#[derive(Debug, Default)]
pub struct CalleeList {
    found: BTreeSet<Callee>,
    /// The helpers that were looked into: a helper may call itself.
    helpers: Vec<TypeId>,
    /// The names of their arguments, operations of entities included.
    arguments: BTreeMap<Callee, &'static [&'static str]>,
    /// The path that is looked up now.
    path: Option<&'static str>,
    /// What the paths of the function that is looked into call.
    resolution: Resolution,
    /// The machines of the helpers.
    machines: Vec<StateMachine>,
}

impl CalleeList {
    /// Sets the path under which the source names the next callee.
    pub fn at(&mut self, path: &'static str) {
        self.path = Some(path);
    }

    fn resolve(&mut self, to: Resolved) {
        if let Some(path) = self.path.take() {
            self.resolution.insert(path, to);
        }
    }

    /// Adds an activity.
    pub fn activity<A: Activity>(&mut self) {
        self.resolve(Resolved::Activity(A::NAME, A::SIGNATURE));
        self.add(Callee::Activity(A::NAME), A::SIGNATURE.names);
    }

    /// Adds an orchestrator.
    pub fn orchestrator<O: Orchestrator>(&mut self) {
        let definition = &O::DEFINITION;
        self.resolve(Resolved::Orchestrator(
            definition.name,
            definition.signature,
        ));
        let callee = Callee::Orchestrator(definition.name, definition.version);
        self.add(callee, definition.signature.names);
    }

    fn add(&mut self, callee: Callee, arguments: &'static [&'static str]) {
        self.found.insert(callee);
        self.arguments.insert(callee, arguments);
    }

    /// Adds an entity, by name, with its operations and the names of their arguments.
    pub fn entity(
        &mut self,
        name: &'static str,
        operations: &[(&'static str, &'static [&'static str])],
    ) {
        self.found.insert(Callee::Entity(name));
        for (operation, arguments) in operations {
            let callee = Callee::Operation(name, operation);
            self.arguments.insert(callee, arguments);
        }
    }

    /// Adds the callees of an inline helper, and its machine.
    pub fn inline<H: 'static>(
        &mut self,
        name: &'static str,
        signature: Signature,
        table: StateTable,
        callees: impl FnOnce(&mut Self),
    ) {
        self.resolve(Resolved::Helper(name));
        let helper = TypeId::of::<H>();
        // Noted before its callees are listed, or a helper that calls itself would be listed for
        // ever.
        if !self.helpers.contains(&helper) {
            self.helpers.push(helper);
            // A path means what it means in the function that names it: each helper has its own
            // names.
            let outer = std::mem::take(&mut self.resolution);
            callees(self);
            let resolution = std::mem::replace(&mut self.resolution, outer);
            let known = FunctionStates::new(name, "", signature, table, &resolution);
            self.machines.push(known.into_machine(Vec::new()));
        }
        self.path = None;
    }
}

/// Returns the callees of `O`, sorted.
pub fn callees_of<O: Orchestrator>() -> Vec<Callee> {
    let mut list = CalleeList::default();
    O::callees(&mut list);
    list.found.into_iter().collect()
}

/// Returns the names of the arguments of `O` and of everything it calls, operations of entities
/// included.
pub fn argument_names_of<O: Orchestrator>() -> BTreeMap<Callee, &'static [&'static str]> {
    let mut list = CalleeList::default();
    O::callees(&mut list);
    let definition = &O::DEFINITION;
    let own = Callee::Orchestrator(definition.name, definition.version);
    list.add(own, definition.signature.names);
    list.arguments
}

/// Returns the state machine of `O`; for generated code.
pub fn state_machine_of<O: Orchestrator>() -> StateMachine {
    let mut list = CalleeList::default();
    O::callees(&mut list);
    let definition = &O::DEFINITION;
    let known = FunctionStates::new(
        definition.name,
        definition.version,
        definition.signature,
        definition.table,
        &list.resolution,
    );
    let mut helpers = list.machines;
    // They were found in the order of the calls, which is no part of the shape.
    helpers.sort_by(|a, b| a.name.cmp(&b.name));
    known.into_machine(helpers)
}

/// A function that an orchestrator may call; the macros implement it.
pub trait Listed {
    /// Adds the function, or its callees, to `list`.
    fn list(list: &mut CalleeList);
}

/// Checks whether a type is [`Listed`]. Generated code queries it, and the compiler prefers
/// [`ListedCallee`] if that applies.
pub struct CalleeProbe<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> CalleeProbe<T> {
    /// Creates the check.
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
