//! The states of a function as its macro saw them; callees are still paths of the source.

/// An end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Node {
    /// The beginning of the function.
    Start,
    /// The row with this number.
    Row(usize),
    /// The end with a value.
    Completed,
    /// The end with an error.
    Failed,
    /// The end by continue-as-new.
    Continued,
}

/// The kind of a row, as far as the source shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateOp {
    /// A place where edges meet; not a state.
    Junction,
    /// A call of a function.
    Called,
    /// A durable timer.
    Sleeps,
    /// A wait for an external event.
    WaitsFor,
    /// An operation of an entity.
    Operates,
    /// A lock of entities.
    Locks,
    /// A recorded local value.
    Records,
    /// Continue-as-new.
    BeginsAnew,
    /// `select!` and the like.
    Selects,
    /// `join!` and the like.
    Joins,
    /// The point where the arms of a join have completed.
    HasJoined,
    /// An `async` block.
    Branches,
    /// The await of a value that was made before.
    Awaits,
    /// Any other await.
    Other,
}

/// A row of a [`StateTable`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StateRow {
    /// Its kind.
    pub op: StateOp,
    /// A label for people.
    pub name: &'static str,
    /// The recorded name, if it is known without the callee.
    pub recorded: &'static str,
    /// The callee as the source names it; empty if the row calls nothing.
    pub path: &'static str,
    /// The properties that matter to a replay.
    pub options: &'static [&'static str],
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl StateRow {
    /// Creates a row; for generated code.
    pub const fn new(
        op: StateOp,
        name: &'static str,
        recorded: &'static str,
        path: &'static str,
        options: &'static [&'static str],
        line: u32,
        column: u32,
    ) -> Self {
        Self {
            op,
            name,
            recorded,
            path,
            options,
            line,
            column,
        }
    }

    /// Returns a place where edges meet; for generated code.
    pub const fn junction() -> Self {
        Self::new(StateOp::Junction, "", "", "", &[], 0, 0)
    }
}

/// An edge of a [`StateTable`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct EdgeRow {
    /// Where it begins.
    pub from: Node,
    /// Where it leads.
    pub to: Node,
    /// The conditions under which it is taken, in a form for comparison, without what may change
    /// freely.
    pub when: &'static [&'static str],
    /// The conditions for people.
    pub label: &'static str,
}

impl EdgeRow {
    /// Creates an edge; for generated code.
    pub const fn new(
        from: Node,
        to: Node,
        when: &'static [&'static str],
        label: &'static str,
    ) -> Self {
        Self {
            from,
            to,
            when,
            label,
        }
    }
}

/// The states of a function, as generated code lists them.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StateTable {
    /// The file, as the compiler names it.
    pub file: &'static str,
    /// The rows.
    pub rows: &'static [StateRow],
    /// The edges between them.
    pub edges: &'static [EdgeRow],
    /// The names of the changes that the function passes to `patched`.
    pub patches: &'static [&'static str],
}

impl StateTable {
    /// The table of a function that awaits nothing.
    pub const EMPTY: Self = Self::new("", &[], &[], &[]);

    /// Creates a table; for generated code.
    pub const fn new(
        file: &'static str,
        rows: &'static [StateRow],
        edges: &'static [EdgeRow],
        patches: &'static [&'static str],
    ) -> Self {
        Self {
            file,
            rows,
            edges,
            patches,
        }
    }
}

/// The types of a function, as its source names them, and the names of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// The recorded arguments.
    pub arguments: &'static [&'static str],
    /// The return type.
    pub returns: &'static str,
    /// The names of the recorded arguments. They are not recorded, so they may change freely.
    pub names: &'static [&'static str],
}

impl Signature {
    /// Creates a signature; for generated code.
    pub const fn new(arguments: &'static [&'static str], returns: &'static str) -> Self {
        Self {
            arguments,
            returns,
            names: &[],
        }
    }

    /// Returns the signature with the names of the arguments; for generated code.
    #[must_use]
    pub const fn named(mut self, names: &'static [&'static str]) -> Self {
        self.names = names;
        self
    }
}
