//! The ways through a body: sequence, branches, loops, `?`, jumps.

use std::collections::HashMap;

use proc_macro2::Ident;
use proc_macro2::Span;
use syn::Arm;
use syn::Block;
use syn::Expr;
use syn::ExprIf;
use syn::ExprMatch;
use syn::Item;
use syn::Lit;
use syn::Local;
use syn::Macro;
use syn::Pat;
use syn::Stmt;
use syn::Type;
use syn::UnOp;
use syn::visit;
use syn::visit::Visit;

use super::graph::Condition;
use super::graph::Exit;
use super::graph::Graph;
use super::graph::Node;
use super::graph::Op;
use super::graph::Row;
use super::text;
use crate::body::expressions_in;
use crate::callees::Names;

/// Walks a body in the order in which it is evaluated.
pub(super) struct Walker<'a> {
    pub(super) names: &'a Names,
    pub(super) events: &'a [Type],
    pub(super) graph: Graph,
    /// The ways that have come this far. None: nothing comes here.
    pub(super) frontier: Vec<Exit>,
    pub(super) bindings: HashMap<Ident, Bound>,
    loops: Vec<Loop>,
    blocks: Vec<AsyncBlock>,
    returns_result: bool,
}

/// What a local stands for.
#[derive(Clone)]
pub(super) enum Bound {
    /// A call that was made; what it is called.
    Made(String, String),
    /// An iterator of calls: they are made where it is consumed.
    Lazy(Expr),
    /// A stream of the events of this type, made there.
    Stream(Option<Type>, Span),
    Entity(String),
    Closure(Expr),
    /// The answer of `ctx.patched("…")`.
    Patched(String),
}

struct Loop {
    label: Option<Ident>,
    /// None: a block with a label, which cannot be continued.
    head: Option<Node>,
    breaks: Vec<Exit>,
}

/// An `async` block: where `return` and `?` lead to in it.
#[derive(Default)]
struct AsyncBlock {
    ends: Vec<Exit>,
}

/// Whether the value of an expression is what the function returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Inside,
    Last,
}

impl<'a> Walker<'a> {
    pub(super) fn new(names: &'a Names, returns_result: bool, events: &'a [Type]) -> Self {
        Self {
            names,
            events,
            graph: Graph::default(),
            frontier: vec![Exit::of(Node::Start)],
            bindings: HashMap::new(),
            loops: Vec::new(),
            blocks: Vec::new(),
            returns_result,
        }
    }

    pub(super) fn function(mut self, block: &Block) -> Graph {
        self.block(block, Position::Last);
        self.graph
    }

    /// Walks `expression`, which may live shorter than the body.
    pub(super) fn walk(&mut self, expression: &Expr) {
        self.visit_expr(expression);
    }

    fn walk_in(&mut self, expression: &Expr, position: Position) {
        match position {
            Position::Inside => self.walk(expression),
            Position::Last => self.last(expression),
        }
    }

    /// Adds a state behind everything that has come this far.
    pub(super) fn state(&mut self, row: Row) -> Node {
        let node = self.graph.add(row);
        self.graph.connect(std::mem::take(&mut self.frontier), node);
        self.frontier = vec![Exit::of(node)];
        node
    }

    fn junction(&mut self) -> Node {
        self.state(Row::new(Op::Junction, "", Span::call_site()))
    }

    fn end(&mut self, end: Node) {
        self.graph.connect(std::mem::take(&mut self.frontier), end);
    }

    fn block(&mut self, block: &Block, position: Position) {
        let (last, statements) = match block.stmts.split_last() {
            Some((Stmt::Expr(last, None), statements)) => (Some(last), statements),
            _ => (None, block.stmts.as_slice()),
        };
        for statement in statements {
            self.visit_stmt(statement);
        }
        match (last, position) {
            (Some(last), _) => self.walk_in(last, position),
            (None, Position::Last) => self.end(Node::Completed),
            (None, Position::Inside) => {}
        }
    }

    /// An expression whose value is returned.
    fn last(&mut self, expression: &Expr) {
        match expression {
            Expr::Paren(inner) => self.last(&inner.expr),
            Expr::Group(inner) => self.last(&inner.expr),
            Expr::Block(inner) if inner.label.is_none() => {
                self.block(&inner.block, Position::Last);
            }
            Expr::If(branches) => self.branches(branches, Position::Last),
            Expr::Match(arms) => self.arms(arms, Position::Last),
            Expr::Macro(call) if self.concurrent(&call.mac, true) => {}
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => self.walk(expression),
            other => {
                self.walk(other);
                self.returned(other);
            }
        }
    }

    /// The value of an arm's body that is returned; for `select!`.
    pub(super) fn arm_body(&mut self, body: &Expr, last: bool) {
        self.walk_in(
            body,
            if last {
                Position::Last
            } else {
                Position::Inside
            },
        );
    }

    /// Leads to where the function goes that returns `value`.
    fn returned(&mut self, value: &Expr) {
        if let Some(block) = self.blocks.last_mut() {
            block.ends.append(&mut self.frontier);
            return;
        }
        if continues_as_new(value) {
            return self.end(Node::Continued);
        }
        match is_result(value) {
            _ if !self.returns_result => self.end(Node::Completed),
            Some(true) => self.end(Node::Completed),
            Some(false) => self.end(Node::Failed),
            None => {
                let failed = Condition::new("Err", "Err");
                let exits: Vec<_> = self
                    .frontier
                    .iter()
                    .map(|exit| exit.under(&failed))
                    .collect();
                self.graph.connect(exits, Node::Failed);
                self.end(Node::Completed);
            }
        }
    }

    /// `inner?`.
    fn tried(&mut self, inner: &Expr) {
        self.walk(inner);
        let condition = match text::strip(inner) {
            Expr::Await(_) | Expr::Macro(_) => Condition::new("Err", "Err"),
            other => {
                let text = text::normal(other, &self.names.bound);
                Condition::new(format!("{text}?"), format!("{}?", text::short(other)))
            }
        };
        let exits: Vec<_> = self
            .frontier
            .iter()
            .map(|exit| exit.under(&condition))
            .collect();
        match self.blocks.last_mut() {
            Some(block) => block.ends.extend(exits),
            None => self.graph.connect(exits, Node::Failed),
        }
    }

    /// An `async` block, as far as it runs: `?` and `return` end it and not the function.
    pub(super) fn async_block(&mut self, block: &Block) {
        let loops = std::mem::take(&mut self.loops);
        self.blocks.push(AsyncBlock::default());
        self.block(block, Position::Inside);
        if let Some(ended) = self.blocks.pop() {
            for exit in ended.ends {
                if !self.frontier.contains(&exit) {
                    self.frontier.push(exit);
                }
            }
        }
        self.loops = loops;
    }

    fn branches(&mut self, branches: &ExprIf, position: Position) {
        self.walk(&branches.cond);
        let (holds, fails) = self.condition(&branches.cond);
        let mut fork = Fork::new(self);
        fork.branch(self, &holds, |walker| {
            walker.block(&branches.then_branch, position);
        });
        fork.branch(self, &fails, |walker| match &branches.else_branch {
            Some((_, otherwise)) => walker.walk_in(otherwise, position),
            None if position == Position::Last => walker.end(Node::Completed),
            None => {}
        });
        fork.join(self);
    }

    fn arms(&mut self, arms: &ExprMatch, position: Position) {
        self.walk(&arms.expr);
        let of = text::normal(&arms.expr, &self.names.bound);
        let mut fork = Fork::new(self);
        for arm in &arms.arms {
            let condition = self.pattern(&of, arm);
            fork.branch(self, &condition, |walker| {
                if let Pat::Guard(guarded) = &arm.pat {
                    walker.walk(&guarded.guard);
                }
                walker.walk_in(&arm.body, position);
            });
        }
        fork.join(self);
    }

    fn pattern(&self, of: &str, arm: &Arm) -> Condition {
        let when = text::normal_pattern(&arm.pat, &self.names.bound);
        let label = match &arm.pat {
            Pat::Guard(guarded) => format!("{} if …", text::short_pattern(&guarded.pat)),
            other => text::short_pattern(other),
        };
        Condition::new(format!("{of} is {when}"), label)
    }

    /// The conditions under which `condition` holds, and does not.
    fn condition(&self, condition: &Expr) -> (Condition, Condition) {
        let locals = &self.names.bound;
        if let Some((change, negated)) = self.patched(condition) {
            let patched = Condition::new(format!("patched {change}"), format!("patched {change}"));
            let before = Condition::new(format!("not patched {change}"), "before");
            return if negated {
                (before, patched)
            } else {
                (patched, before)
            };
        }
        if let Some(change) = self.patched_and_more(condition) {
            let holds = text::holds(condition, locals);
            let patched =
                Condition::new(format!("patched {change} and {}", holds.when), holds.label);
            return (
                patched,
                Condition::new(format!("not patched {change}"), "else"),
            );
        }
        (
            text::holds(condition, locals),
            text::fails(condition, locals),
        )
    }

    /// The change that a condition asks for, and whether it asks for its absence.
    fn patched(&self, condition: &Expr) -> Option<(String, bool)> {
        match text::strip(condition) {
            Expr::Unary(not) if matches!(not.op, UnOp::Not(_)) => {
                let (change, negated) = self.patched(&not.expr)?;
                Some((change, !negated))
            }
            Expr::Path(path) => match self.bindings.get(path.path.get_ident()?)? {
                Bound::Patched(change) => Some((change.clone(), false)),
                _ => None,
            },
            other => Some((patched_change(other)?, false)),
        }
    }

    /// `ctx.patched("…") && …`.
    fn patched_and_more(&self, condition: &Expr) -> Option<String> {
        let Expr::Binary(binary) = text::strip(condition) else {
            return None;
        };
        if !matches!(binary.op, syn::BinOp::And(_)) {
            return None;
        }
        let mut sides = [&binary.left, &binary.right].into_iter();
        sides.find_map(|side| match self.patched(side) {
            Some((change, false)) => Some(change),
            _ => self.patched_and_more(side),
        })
    }

    /// A loop around `body`, which is entered under `enters`; without it the loop ends by `break`
    /// alone.
    fn looped(
        &mut self,
        label: Option<&syn::Label>,
        enters: Option<(Condition, Condition)>,
        condition: Option<&Expr>,
        body: &Block,
    ) {
        let before = self.frontier.clone();
        let head = self.junction();
        if let Some(condition) = condition {
            self.walk(condition);
        }
        let mut after = Vec::new();
        if let Some((enters, ends)) = enters {
            after = self.frontier.iter().map(|exit| exit.under(&ends)).collect();
            self.frontier = self
                .frontier
                .iter()
                .map(|exit| exit.under(&enters))
                .collect();
        }
        self.loops.push(Loop {
            label: label.map(|label| label.name.ident.clone()),
            head: Some(head),
            breaks: Vec::new(),
        });
        self.block(body, Position::Inside);
        self.graph.connect(std::mem::take(&mut self.frontier), head);
        if let Some(ended) = self.loops.pop() {
            after.extend(ended.breaks);
        }
        self.frontier = if self.graph.forget_idle(head) {
            before
        } else {
            after
        };
    }

    fn target(&mut self, label: Option<&syn::Lifetime>) -> Option<&mut Loop> {
        let mut loops = self.loops.iter_mut().rev();
        match label {
            Some(label) => loops.find(|known| known.label.as_ref() == Some(&label.ident)),
            None => loops.find(|known| known.head.is_some()),
        }
    }

    fn local(&mut self, local: &Local) {
        let Some(init) = &local.init else { return };
        if !self.bind(&local.pat, &init.expr) {
            self.walk(&init.expr);
            // A local of that name from before is hidden from here on.
            if let Some(name) = only_name(&local.pat) {
                self.bindings.remove(name);
            }
        }
        if let Some((_, diverge)) = &init.diverge {
            let text = text::normal(&init.expr, &self.names.bound);
            let pattern = text::normal_pattern(&local.pat, &self.names.bound);
            let label = format!("not {}", text::short_pattern(&local.pat));
            let otherwise = Condition::new(format!("{text} is not {pattern}"), label);
            let before = self.frontier.clone();
            self.frontier = before.iter().map(|exit| exit.under(&otherwise)).collect();
            self.walk(diverge);
            self.frontier.splice(0..0, before);
        }
    }

    /// `a && b`, where `b` is evaluated only if `a` holds.
    fn lazily(&mut self, first: &Expr, second: &Expr) {
        self.walk(first);
        let (holds, fails) = self.condition(first);
        let mut fork = Fork::new(self);
        fork.branch(self, &holds, |walker| walker.walk(second));
        fork.branch(self, &fails, |_| {});
        fork.join(self);
    }
}

/// Branches that begin at one place and meet again.
struct Fork {
    base: Vec<Exit>,
    branches: usize,
    /// The conditions of the branches in which nothing durable happens.
    idle: Vec<Condition>,
    out: Vec<Exit>,
}

impl Fork {
    fn new(walker: &Walker<'_>) -> Self {
        Self {
            base: walker.frontier.clone(),
            branches: 0,
            idle: Vec::new(),
            out: Vec::new(),
        }
    }

    fn branch(
        &mut self,
        walker: &mut Walker<'_>,
        condition: &Condition,
        walk: impl FnOnce(&mut Walker<'_>),
    ) {
        self.branches += 1;
        let entered: Vec<_> = self.base.iter().map(|exit| exit.under(condition)).collect();
        let nodes = walker.graph.rows.len();
        walker.frontier.clone_from(&entered);
        walk(walker);
        let left = std::mem::take(&mut walker.frontier);
        if left == entered && walker.graph.rows.len() == nodes {
            self.idle.push(condition.clone());
        } else {
            self.out.extend(left);
        }
    }

    /// All idle branches are one way.
    fn join(self, walker: &mut Walker<'_>) {
        walker.frontier = if self.idle.len() == self.branches {
            self.base
        } else if self.idle.is_empty() {
            Vec::new()
        } else {
            let idle = merged(&self.idle);
            self.base.iter().map(|exit| exit.under(&idle)).collect()
        };
        walker.frontier.extend(self.out);
    }
}

fn merged(conditions: &[Condition]) -> Condition {
    let when: Vec<&str> = conditions.iter().map(|one| one.when.as_str()).collect();
    let label: Vec<&str> = conditions.iter().map(|one| one.label.as_str()).collect();
    Condition::new(when.join(" | "), label.join(" | "))
}

impl<'ast> Visit<'ast> for Walker<'_> {
    fn visit_item(&mut self, _item: &'ast Item) {}

    fn visit_local(&mut self, local: &'ast Local) {
        self.local(local);
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Await(awaited) => self.durable(&awaited.base, &[]),
            Expr::Try(tried) => self.tried(&tried.expr),
            Expr::If(branches) => self.branches(branches, Position::Inside),
            Expr::Match(arms) => self.arms(arms, Position::Inside),
            Expr::Loop(one) => self.looped(one.label.as_ref(), None, None, &one.body),
            Expr::While(one) => {
                let conditions = self.condition(&one.cond);
                self.looped(
                    one.label.as_ref(),
                    Some(conditions),
                    Some(&one.cond),
                    &one.body,
                );
            }
            Expr::ForLoop(one) => {
                self.walk(&one.expr);
                self.bind_each(&one.pat, &one.expr);
                let of = text::normal(&one.expr, &self.names.bound);
                let each = format!("each {}", text::short_pattern(&one.pat));
                let conditions = (
                    Condition::new(format!("in {of}"), each),
                    Condition::new(format!("end of {of}"), "done"),
                );
                self.looped(one.label.as_ref(), Some(conditions), None, &one.body);
            }
            Expr::Block(one) => match &one.label {
                None => self.block(&one.block, Position::Inside),
                Some(label) => {
                    self.loops.push(Loop {
                        label: Some(label.name.ident.clone()),
                        head: None,
                        breaks: Vec::new(),
                    });
                    self.block(&one.block, Position::Inside);
                    if let Some(ended) = self.loops.pop() {
                        self.frontier.extend(ended.breaks);
                    }
                }
            },
            Expr::Return(returned) => match &returned.expr {
                Some(value) if self.blocks.is_empty() => self.last(value),
                Some(value) => {
                    self.walk(value);
                    self.returned(value);
                }
                None if self.blocks.is_empty() => self.end(Node::Completed),
                None => self.returned(expression),
            },
            Expr::Break(one) => {
                if let Some(value) = &one.expr {
                    self.walk(value);
                }
                let left = std::mem::take(&mut self.frontier);
                if let Some(target) = self.target(one.label.as_ref()) {
                    target.breaks.extend(left);
                }
            }
            Expr::Continue(one) => {
                let left = std::mem::take(&mut self.frontier);
                let head = self
                    .target(one.label.as_ref())
                    .and_then(|target| target.head);
                if let Some(head) = head {
                    self.graph.connect(left, head);
                }
            }
            Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) => {
                self.lazily(&binary.left, &binary.right);
            }
            // Runs where it is awaited, if anywhere.
            Expr::Async(_) | Expr::Closure(_) => {}
            Expr::Macro(call) => self.visit_macro(&call.mac),
            Expr::MethodCall(call) => {
                if let Some(change) = patched_change(expression) {
                    self.note_patch(change);
                }
                if !self.made_by(call) {
                    visit::visit_expr_method_call(self, call);
                }
            }
            other => visit::visit_expr(self, other),
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if self.concurrent(call, false) {
            return;
        }
        for (expression, _) in expressions_in(call) {
            self.walk(&expression);
        }
        let never = ["panic", "unreachable", "todo", "unimplemented", "bail"];
        let name = call.path.segments.last().map(|last| last.ident.to_string());
        if name.is_some_and(|name| never.contains(&name.as_str())) {
            self.end(Node::Failed);
        }
    }
}

impl Walker<'_> {
    fn note_patch(&mut self, change: String) {
        if !self.graph.patches.contains(&change) {
            self.graph.patches.push(change);
        }
    }
}

/// The change in `ctx.patched("change")`.
pub(super) fn patched_change(expression: &Expr) -> Option<String> {
    let Expr::MethodCall(call) = expression else {
        return None;
    };
    match call.args.first() {
        Some(Expr::Lit(literal)) if call.method == "patched" => match &literal.lit {
            Lit::Str(change) => Some(change.value()),
            _ => None,
        },
        _ => None,
    }
}

fn continues_as_new(value: &Expr) -> bool {
    match text::strip(value) {
        Expr::Await(awaited) => {
            matches!(&*awaited.base, Expr::MethodCall(call) if call.method == "continue_as_new")
        }
        _ => false,
    }
}

/// Whether the value shows that it is `Ok` or `Err`.
fn is_result(value: &Expr) -> Option<bool> {
    let Expr::Call(call) = text::strip(value) else {
        return None;
    };
    let Expr::Path(function) = &*call.func else {
        return None;
    };
    let name = &function.path.segments.last()?.ident;
    match name {
        _ if name == "Ok" => Some(true),
        _ if name == "Err" => Some(false),
        _ => None,
    }
}

/// The only name that a pattern binds, if it is one.
pub(super) fn only_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(name) if name.subpat.is_none() => Some(&name.ident),
        Pat::Type(typed) => only_name(&typed.pat),
        _ => None,
    }
}
