//! The states of a body and the ways between them, while they are being found.

use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::quote;
use quote::quote_spanned;

use crate::item::seam;

/// An end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Start,
    State(usize),
    Completed,
    Failed,
    Continued,
}

/// What a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// A place where ways meet; the runtime takes it out again.
    Junction,
    /// A function is called: which kind it is the compiler knows.
    Call,
    Timer,
    Event,
    Entity,
    Lock,
    SideEffect,
    ContinueAsNew,
    Select,
    Join,
    /// Where the arms of a join have all come in.
    Joined,
    Branch,
    /// Something that was made before is awaited.
    Await,
    Unknown,
}

impl Op {
    /// The name in the table: none that a public type of the runtime has, or the compiler would
    /// name that type by its whole path in errors.
    fn in_table(self) -> &'static str {
        match self {
            Self::Junction => "Junction",
            Self::Call => "Called",
            Self::Timer => "Sleeps",
            Self::Event => "WaitsFor",
            Self::Entity => "Operates",
            Self::Lock => "Locks",
            Self::SideEffect => "Records",
            Self::ContinueAsNew => "BeginsAnew",
            Self::Select => "Selects",
            Self::Join => "Joins",
            Self::Joined => "HasJoined",
            Self::Branch => "Branches",
            Self::Await => "Awaits",
            Self::Unknown => "Other",
        }
    }
}

/// A row of the table.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) op: Op,
    /// What people see.
    pub(super) name: String,
    /// The recorded name where the source does not show it: an event's.
    pub(super) recorded: Option<TokenStream>,
    /// The callee as the source names it.
    pub(super) path: String,
    /// What matters to a replay: `made`, `spawn`, `id`, `retry`, `many`, …
    pub(super) options: Vec<&'static str>,
    pub(super) at: Span,
}

impl Row {
    pub(super) fn new(op: Op, name: impl Into<String>, at: Span) -> Self {
        Self {
            op,
            name: name.into(),
            recorded: None,
            path: String::new(),
            options: Vec::new(),
            at,
        }
    }

    pub(super) fn recorded_as(mut self, name: &str) -> Self {
        self.recorded = Some(quote!(#name));
        self
    }
}

/// A way out of a node that does not lead anywhere yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exit {
    pub(super) from: Node,
    pub(super) when: Vec<String>,
    pub(super) label: Vec<String>,
}

impl Exit {
    pub(super) fn of(from: Node) -> Self {
        Self {
            from,
            when: Vec::new(),
            label: Vec::new(),
        }
    }

    /// The same way, taken only under one more condition.
    pub(super) fn under(&self, condition: &Condition) -> Self {
        let mut exit = self.clone();
        exit.when.push(condition.when.clone());
        exit.label.push(condition.label.clone());
        exit
    }
}

/// Under which condition a way is taken: for comparing, and for people.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) when: String,
    pub(super) label: String,
}

impl Condition {
    pub(super) fn new(when: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            when: when.into(),
            label: label.into(),
        }
    }
}

/// The table of a function.
#[derive(Default)]
pub(crate) struct Graph {
    pub(super) rows: Vec<Row>,
    edges: Vec<(Exit, Node)>,
    pub(super) patches: Vec<String>,
}

impl Graph {
    pub(super) fn add(&mut self, row: Row) -> Node {
        self.rows.push(row);
        Node::State(self.rows.len() - 1)
    }

    pub(super) fn connect(&mut self, exits: impl IntoIterator<Item = Exit>, to: Node) {
        for exit in exits {
            let edge = (exit, to);
            if !self.edges.contains(&edge) {
                self.edges.push(edge);
            }
        }
    }

    /// Takes out the head of a loop in which nothing durable happens; false if something does.
    pub(super) fn forget_idle(&mut self, head: Node) -> bool {
        let leaves = |(exit, to): &(Exit, Node)| exit.from == head && *to != head;
        let last = Node::State(self.rows.len() - 1);
        if last != head || self.edges.iter().any(leaves) {
            return false;
        }
        self.rows.pop();
        self.edges.retain(|(_, to)| *to != head);
        true
    }

    /// The table as a constant expression.
    pub(crate) fn emit(&self) -> TokenStream {
        let seam = seam();
        let rows = self.rows.iter().map(|row| emit_row(row, &seam));
        let edges = self.edges.iter().map(|(exit, to)| {
            let (from, to) = (emit_node(exit.from, &seam), emit_node(*to, &seam));
            let (when, label) = (&exit.when, shown(&exit.label));
            quote!(#seam::EdgeRow::new(#from, #to, &[#(#when),*], #label))
        });
        let patches = &self.patches;
        quote! {
            #seam::StateTable::new(
                ::core::file!(),
                &[#(#rows),*],
                &[#(#edges),*],
                &[#(#patches),*],
            )
        }
    }
}

fn emit_node(node: Node, seam: &TokenStream) -> TokenStream {
    match node {
        Node::Start => quote!(#seam::Node::Start),
        Node::State(row) => {
            let row = proc_macro2::Literal::usize_unsuffixed(row);
            quote!(#seam::Node::Row(#row))
        }
        Node::Completed => quote!(#seam::Node::Completed),
        Node::Failed => quote!(#seam::Node::Failed),
        Node::Continued => quote!(#seam::Node::Continued),
    }
}

fn emit_row(row: &Row, seam: &TokenStream) -> TokenStream {
    let op = proc_macro2::Ident::new(row.op.in_table(), Span::call_site());
    if row.op == Op::Junction {
        return quote!(#seam::StateRow::junction());
    }
    let (name, path, options) = (&row.name, &row.path, &row.options);
    let recorded = row.recorded.clone();
    let recorded = recorded.unwrap_or_else(|| quote!(#name));
    let at = row.at;
    let (line, column) = (
        quote_spanned!(at=> ::core::line!()),
        quote_spanned!(at=> ::core::column!()),
    );
    quote! {
        #seam::StateRow::new(
            #seam::StateOp::#op, #name, #recorded, #path, &[#(#options),*], #line, #column,
        )
    }
}

/// The conditions of a way as one short text.
fn shown(labels: &[String]) -> String {
    const LONGEST: usize = 40;
    let mut shown = String::new();
    for label in labels.iter().filter(|label| !label.is_empty()) {
        if !shown.is_empty() {
            shown.push_str(", ");
        }
        shown.push_str(label);
    }
    match shown.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &shown[..at]),
        None => shown,
    }
}

#[cfg(test)]
impl Graph {
    /// Every edge on a line of its own.
    pub(super) fn told(&self) -> String {
        use std::fmt::Write as _;

        let mut told = String::new();
        for (exit, to) in &self.edges {
            let (from, to) = (self.named(exit.from), self.named(*to));
            let when = exit.when.join("; ");
            let _ = match when.as_str() {
                "" => writeln!(told, "{from} -> {to}"),
                when => writeln!(told, "{from} -> {to} [{when}]"),
            };
        }
        told
    }

    fn named(&self, node: Node) -> String {
        let Node::State(number) = node else {
            return format!("{node:?}").to_lowercase();
        };
        let row = &self.rows[number];
        let mut options = String::new();
        for option in &row.options {
            options.push('+');
            options.push_str(option);
        }
        match row.op {
            Op::Junction => format!("({number})"),
            op => format!("{op:?}:{}{options}", row.name),
        }
    }
}
