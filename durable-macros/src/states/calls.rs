//! What is durable in a body: which state an awaited, joined, selected or made expression is.

use proc_macro2::Span;
use quote::quote;
use syn::Expr;
use syn::ExprCall;
use syn::ExprMethodCall;
use syn::GenericArgument;
use syn::Macro;
use syn::Pat;
use syn::Path;
use syn::PathArguments;
use syn::Type;
use syn::spanned::Spanned;

use super::flow::Bound;
use super::flow::Walker;
use super::flow::only_name;
use super::flow::patched_change;
use super::graph::Condition;
use super::graph::Exit;
use super::graph::Op;
use super::graph::Row;
use super::text;
use crate::body::arms;
use crate::body::concurrency::Kind;
use crate::body::expressions_in;
use crate::callees::COMBINATORS;
use crate::callees::MODIFIERS;
use crate::callees::PASSING;
use crate::callees::is_combinator;
use crate::callees::is_one_of;
use crate::callees::mentioned;
use crate::item::seam;
use crate::signature::last_segment;

/// The options of a call that a replay can tell.
const TOLD: &[&str] = &["spawn", "id", "retry", "retry_with"];

/// Methods whose closure goes on with another call.
const FOLLOWED: &[&str] = &["then", "and_then", "or_else"];

impl Walker<'_> {
    /// The states of `expression`, which is awaited, or an arm of something that is.
    pub(super) fn durable(&mut self, expression: &Expr, options: &[&'static str]) {
        match expression {
            Expr::Paren(inner) => self.durable(&inner.expr, options),
            Expr::Group(inner) => self.durable(&inner.expr, options),
            Expr::Reference(inner) => self.durable(&inner.expr, options),
            Expr::Try(inner) => self.durable(&inner.expr, options),
            Expr::MethodCall(call) => self.method(call, options),
            Expr::Call(call) => self.called(call, options),
            Expr::Path(path) => self.named(&path.path, options),
            Expr::Async(block) => {
                self.state(with(
                    Row::new(Op::Branch, "async", block.async_token.span),
                    options,
                ));
                self.async_block(&block.block);
            }
            Expr::Block(block) if block.label.is_none() => {
                let Some((syn::Stmt::Expr(last, None), before)) = block.block.stmts.split_last()
                else {
                    return self.walk(expression);
                };
                for statement in before {
                    syn::visit::Visit::visit_stmt(self, statement);
                }
                self.durable(last, options);
            }
            Expr::Macro(call) if is_lock(&call.mac) => self.lock(&call.mac),
            Expr::Macro(call) if self.concurrent(&call.mac, false) => {}
            other => {
                self.walk(other);
                let row = Row::new(Op::Unknown, text::short(other), other.span());
                self.state(with(row, options));
            }
        }
    }

    fn method(&mut self, call: &ExprMethodCall, options: &[&'static str]) {
        let method = call.method.to_string();
        let at = call.method.span();
        if is_one_of(&call.method, FOLLOWED) {
            self.durable(&call.receiver, options);
            return call.args.iter().for_each(|next| self.followed(next));
        }
        if is_one_of(&call.method, MODIFIERS) {
            let mut options = options.to_vec();
            options.extend(TOLD.iter().copied().filter(|told| *told == method));
            return self.durable(&call.receiver, &options);
        }
        let row = match method.as_str() {
            "sleep" | "sleep_until" => Row::new(Op::Timer, method, at).recorded_as("sleep"),
            "wait_for" => self.event(turbofish(call).or_else(|| self.only_event()).as_ref(), at),
            "side_effect" => Row::new(Op::SideEffect, method, at),
            "continue_as_new" => Row::new(Op::ContinueAsNew, method, at),
            "start_detached" => {
                return call
                    .args
                    .iter()
                    .for_each(|argument| self.durable(argument, &["detached"]));
            }
            "shielded" => {
                self.state(with(Row::new(Op::Branch, "shielded", at), options));
                return call
                    .args
                    .iter()
                    .for_each(|argument| self.durable(argument, &[]));
            }
            "next" | "try_next" | "select_next_some" => self.next(call),
            _ => match self.entity(&call.receiver) {
                Some(entity) => Row::new(Op::Entity, format!("{entity}.{method}"), at),
                None if is_one_of(&call.method, PASSING) => {
                    return self.group(Op::Join, &method, at, [&*call.receiver]);
                }
                None => Row::new(Op::Unknown, method, at),
            },
        };
        self.walk(&call.receiver);
        call.args.iter().for_each(|argument| self.walk(argument));
        self.state(with(row, options));
    }

    /// A closure or block that goes on where something else ended.
    fn followed(&mut self, next: &Expr) {
        match next {
            Expr::Closure(closure) => self.closure_body(closure),
            Expr::Async(block) => {
                self.state(Row::new(Op::Branch, "async", block.async_token.span));
                self.async_block(&block.block);
            }
            _ => {}
        }
    }

    /// The body of a closure, where it is run.
    fn closure_body(&mut self, closure: &syn::ExprClosure) {
        match (&closure.asyncness, &*closure.body) {
            (Some(_), Expr::Block(body)) => self.async_block(&body.block),
            (Some(_), body) => self.walk(body),
            (None, body) if makes_calls(body) => self.durable(body, &[]),
            (None, _) => {}
        }
    }

    fn called(&mut self, call: &ExprCall, options: &[&'static str]) {
        let Expr::Path(function) = &*call.func else {
            self.walk(&Expr::Call(call.clone()));
            let row = Row::new(Op::Unknown, text::short(&call.func), call.func.span());
            self.state(with(row, options));
            return;
        };
        let path = &function.path;
        let Some(name) = path.segments.last().map(|last| &last.ident) else {
            return;
        };
        if is_combinator(&call.func) {
            let op = if name.to_string().contains("select") {
                Op::Select
            } else {
                Op::Join
            };
            return self.group(op, &name.to_string(), name.span(), &call.args);
        }
        if is_constructor(call) {
            for inner in &call.args {
                self.durable(inner, options);
            }
            return;
        }
        if let Some(Bound::Closure(Expr::Closure(closure))) = path
            .get_ident()
            .and_then(|name| self.bindings.get(name))
            .cloned()
        {
            call.args.iter().for_each(|argument| self.walk(argument));
            let row = Row::new(Op::Branch, name.to_string(), name.span()).recorded_as("closure");
            self.state(with(row, options));
            return self.closure_body(&closure);
        }
        call.args.iter().for_each(|argument| self.walk(argument));
        let row = call_row(path, call.func.span());
        self.state(with(row, options));
    }

    fn named(&mut self, path: &Path, options: &[&'static str]) {
        let name = text::path_text(path);
        let row = match path
            .get_ident()
            .and_then(|name| self.bindings.get(name))
            .cloned()
        {
            Some(Bound::Made(callee, callee_path)) => {
                let mut row = Row::new(Op::Await, callee, path.span());
                row.path = callee_path;
                row
            }
            Some(Bound::Lazy(calls)) => {
                return self.group(Op::Join, "", path.span(), [&calls]);
            }
            Some(Bound::Stream(event, at)) => self.event(event.as_ref(), at),
            _ => Row::new(Op::Unknown, name, path.span()),
        };
        self.state(with(row, options));
    }

    fn event(&self, ty: Option<&Type>, at: Span) -> Row {
        let Some(last) = ty.and_then(last_segment) else {
            return Row::new(Op::Event, "?", at);
        };
        let mut row = Row::new(Op::Event, last.ident.to_string(), at);
        let declared = self.events.iter().find(|declared| {
            last_segment(declared).is_some_and(|declared| declared.ident == last.ident)
        });
        if let Some(declared) = declared {
            let seam = seam();
            row.recorded = Some(quote!(<#declared as #seam::Event>::NAME));
        }
        row
    }

    fn only_event(&self) -> Option<Type> {
        match self.events {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// `stream.next()`: of events, or of calls that were made before.
    fn next(&self, call: &ExprMethodCall) -> Row {
        if let Some(events) = events_in(&call.receiver) {
            return self.event(turbofish(events).as_ref(), events.method.span());
        }
        let known = mentioned(&call.receiver)
            .into_iter()
            .find_map(|name| Some((self.bindings.get(&name)?.clone(), name)));
        if let Some((Bound::Stream(event, at), _)) = known {
            return self.event(event.as_ref(), at);
        }
        let name = text::short(&call.receiver);
        Row::new(Op::Await, name, call.method.span()).recorded_as("next")
    }

    /// The entity that `receiver` is, if it shows.
    fn entity(&self, receiver: &Expr) -> Option<String> {
        match receiver {
            Expr::Paren(inner) => self.entity(&inner.expr),
            Expr::Reference(inner) => self.entity(&inner.expr),
            Expr::Call(call) => entity_at(call),
            Expr::Path(path) => match self.bindings.get(path.path.get_ident()?)? {
                Bound::Entity(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The entity that `part` of a lock is, or that it holds many of, if it shows.
    fn locked(&self, part: &Expr) -> Option<String> {
        match part {
            Expr::Paren(inner) => self.locked(&inner.expr),
            Expr::Reference(inner) => self.locked(&inner.expr),
            Expr::MethodCall(call) => mapped_to(call).or_else(|| self.locked(&call.receiver)),
            other => self.entity(other),
        }
    }

    fn lock(&mut self, call: &Macro) {
        let futures = arms::futures(&call.tokens).unwrap_or_default();
        for part in &futures {
            self.walk(part);
        }
        let parts: Vec<String> = futures
            .iter()
            .filter_map(|part| self.locked(part))
            .collect();
        self.state(Row::new(Op::Lock, parts.join(", "), call.path.span()));
    }

    /// `join!`, `try_join!`, `select!`; false for any other macro.
    pub(super) fn concurrent(&mut self, call: &Macro, last: bool) -> bool {
        let Some(kind) = Kind::of(&call.path) else {
            return false;
        };
        let at = call.path.span();
        if kind != Kind::Select {
            if last {
                return false;
            }
            let futures = arms::futures(&call.tokens).unwrap_or_default();
            let name = call.path.segments.last().map(|name| name.ident.to_string());
            self.fork(Op::Join, &name.unwrap_or_default(), at, futures.iter());
            return true;
        }
        let arms = arms::read_arms(call).unwrap_or_default();
        let fork = self.state(Row::new(Op::Select, "select", at));
        let mut out = Vec::new();
        for (number, arm) in arms.iter().enumerate() {
            self.frontier = vec![arm_of(fork, number)];
            self.durable(&arm.future, &[]);
            self.arm_body(&arm.body, last);
            out.append(&mut self.frontier);
        }
        self.frontier = out;
        true
    }

    /// Futures that run at the same time: a fork, and for a join the place where all have come in.
    fn fork<'e>(&mut self, op: Op, name: &str, at: Span, arms: impl Iterator<Item = &'e Expr>) {
        let fork = self.state(Row::new(op, name, at));
        let mut out = Vec::new();
        for (number, arm) in arms.enumerate() {
            self.frontier = vec![arm_of(fork, number)];
            self.durable(arm, &[]);
            out.append(&mut self.frontier);
        }
        if !out.is_empty() {
            self.frontier = out;
        }
        if op == Op::Join {
            self.state(Row::new(Op::Joined, name, at));
        }
    }

    /// Futures in lists and iterators.
    fn group<'e>(
        &mut self,
        op: Op,
        name: &str,
        at: Span,
        arguments: impl IntoIterator<Item = &'e Expr>,
    ) {
        let mut arms = Vec::new();
        for argument in arguments {
            self.roots(argument, &mut arms);
        }
        match arms.as_slice() {
            [] => {
                self.state(Row::new(Op::Await, name, at));
            }
            // Many calls of one function are one state.
            [Expr::Call(call)] if !is_combinator(&call.func) => {
                let before = self.graph.rows.len();
                self.called(call, &["many"]);
                self.rename(before, op, name);
            }
            [Expr::MethodCall(call)] if is_one_of(&call.method, MODIFIERS) => {
                let before = self.graph.rows.len();
                self.method(call, &["many"]);
                self.rename(before, op, name);
            }
            _ => self.fork(op, name, at, arms.iter()),
        }
    }

    /// The one call of a group is known by the combinator too.
    fn rename(&mut self, before: usize, op: Op, name: &str) {
        if let [.., row] = &mut self.graph.rows[before..]
            && row.op == Op::Call
        {
            let combinator = COMBINATORS.iter().find(|known| **known == name);
            let of_kind = if op == Op::Select { "select" } else { "join" };
            row.options.push(combinator.unwrap_or(&of_kind));
            if !name.is_empty() {
                row.name = format!("{name} {}", row.name);
            }
        }
    }

    /// The futures that a list, an iterator or a binding of one holds.
    fn roots(&mut self, list: &Expr, arms: &mut Vec<Expr>) {
        match list {
            Expr::Paren(inner) => self.roots(&inner.expr, arms),
            Expr::Reference(inner) => self.roots(&inner.expr, arms),
            Expr::Array(list) => arms.extend(list.elems.iter().cloned()),
            Expr::Tuple(list) => arms.extend(list.elems.iter().cloned()),
            Expr::Macro(call) => {
                arms.extend(expressions_in(&call.mac).into_iter().map(|(one, _)| one));
            }
            Expr::MethodCall(call) => {
                let closure = call.args.iter().find_map(|argument| match argument {
                    Expr::Closure(closure) if makes_calls(&closure.body) => Some(closure),
                    _ => None,
                });
                match closure {
                    Some(closure) => {
                        self.walk(&call.receiver);
                        arms.push((*closure.body).clone());
                    }
                    None if is_one_of(&call.method, PASSING) => self.roots(&call.receiver, arms),
                    None if is_one_of(&call.method, MODIFIERS) => arms.push(list.clone()),
                    None => self.walk(list),
                }
            }
            Expr::Path(path) => match path.path.get_ident().map(|name| self.bindings.get(name)) {
                Some(Some(Bound::Lazy(calls))) => {
                    let calls = calls.clone();
                    self.roots(&calls, arms);
                }
                _ => arms.extend(self.is_made(&path.path).then(|| list.clone())),
            },
            Expr::Call(_) | Expr::Async(_) => arms.push(list.clone()),
            other => self.walk(other),
        }
    }

    fn is_made(&self, path: &Path) -> bool {
        let bound = path.get_ident().and_then(|name| self.bindings.get(name));
        matches!(bound, Some(Bound::Made(..)))
    }

    /// `handles.push(call(…))`, `call(…).spawn()`: calls that are made and not awaited here.
    pub(super) fn made_by(&mut self, call: &ExprMethodCall) -> bool {
        if call.method == "spawn" && makes_calls(&call.receiver) {
            self.made(&Expr::MethodCall(call.clone()));
            return true;
        }
        let pushes = call.method.to_string().starts_with("push");
        if !pushes || !is_one_of(&call.method, COMBINATORS) {
            return false;
        }
        for argument in &call.args {
            if makes_calls(argument) {
                self.made(argument);
            } else {
                self.walk(argument);
            }
        }
        true
    }

    /// A call that is made here: it takes its number now. Says what it is called.
    fn made(&mut self, expression: &Expr) -> Bound {
        let before = self.graph.rows.len();
        self.durable(expression, &["made"]);
        let made = self.graph.rows[before..]
            .iter()
            .find(|row| row.options.contains(&"made"));
        let made = made.map(|row| (row.name.clone(), row.path.clone()));
        let (name, path) = made.unwrap_or_default();
        Bound::Made(name, path)
    }

    /// Notes what a `let` binds, where that is durable and awaited later; false: nothing was walked.
    pub(super) fn bind(&mut self, pattern: &Pat, init: &Expr) -> bool {
        if let Expr::Try(tried) = init
            && let Expr::Await(awaited) = &*tried.expr
            && let Expr::Macro(call) = text::strip(&awaited.base)
            && is_lock(&call.mac)
        {
            self.walk(init);
            self.bind_lock(pattern, &call.mac);
            return true;
        }
        let Some(name) = only_name(pattern).cloned() else {
            return false;
        };
        let init = text::strip(init);
        let bound = match init {
            Expr::Closure(_) => Bound::Closure(init.clone()),
            Expr::Call(call) if entity_at(call).is_some() => {
                self.walk(init);
                Bound::Entity(entity_at(call).unwrap_or_default())
            }
            _ if patched_change(init).is_some() => {
                self.walk(init);
                Bound::Patched(patched_change(init).unwrap_or_default())
            }
            _ if !self.names.awaited.contains(&name) => return false,
            _ => match self.bound_future(init) {
                Some(bound) => bound,
                None => return false,
            },
        };
        self.bindings.insert(name, bound);
        true
    }

    fn bound_future(&mut self, init: &Expr) -> Option<Bound> {
        if let Some(events) = events_in(init) {
            return Some(Bound::Stream(turbofish(events), events.method.span()));
        }
        let stream = mentioned(init).into_iter().find_map(|name| {
            let bound = self.bindings.get(&name)?;
            matches!(bound, Bound::Stream(..)).then(|| bound.clone())
        });
        if stream.is_some() && !makes_calls(init) {
            return stream;
        }
        match init {
            Expr::MethodCall(call) if !makes_calls(&call.receiver) && has_calls(call) => {
                Some(Bound::Lazy(init.clone()))
            }
            Expr::MethodCall(call) if is_one_of(&call.method, MODIFIERS) => Some(self.made(init)),
            Expr::MethodCall(call) if is_timer(call) => Some(self.made(init)),
            Expr::Call(call) if is_constructor(call) => {
                let [argument] = call.args.iter().collect::<Vec<_>>()[..] else {
                    return None;
                };
                self.bound_future(argument)
            }
            Expr::Call(call) if is_combinator(&call.func) => None,
            Expr::Call(_) | Expr::Async(_) if makes_calls(init) => Some(self.made(init)),
            Expr::MethodCall(_) | Expr::Array(_) | Expr::Macro(_) if makes_calls(init) => {
                Some(Bound::Lazy(init.clone()))
            }
            _ => None,
        }
    }

    /// Notes what a `for` binds, where that is one part of a lock after the other.
    pub(super) fn bind_each(&mut self, pattern: &Pat, of: &Expr) {
        if let (Some(name), Some(entity)) = (only_name(pattern), self.locked(of)) {
            self.bindings.insert(name.clone(), Bound::Entity(entity));
        }
    }

    fn bind_lock(&mut self, pattern: &Pat, call: &Macro) {
        let parts = arms::futures(&call.tokens).unwrap_or_default();
        let entities: Vec<_> = parts.iter().map(|part| self.locked(part)).collect();
        let patterns: Vec<&Pat> = match pattern {
            Pat::Tuple(tuple) => tuple.elems.iter().collect(),
            other => vec![other],
        };
        for (pattern, entity) in patterns.into_iter().zip(entities) {
            if let (Some(name), Some(entity)) = (only_name(pattern), entity) {
                self.bindings.insert(name.clone(), Bound::Entity(entity));
            }
        }
    }
}

fn with(mut row: Row, options: &[&'static str]) -> Row {
    if row.op == Op::Unknown {
        // What it is called may be the name of a local.
        row = row.recorded_as("?");
    }
    row.options.extend(options.iter().copied());
    row.options.sort_unstable();
    row.options.dedup();
    row
}

fn arm_of(fork: super::graph::Node, number: usize) -> Exit {
    Exit::of(fork).under(&Condition::new(format!("arm {number}"), ""))
}

fn call_row(path: &Path, at: Span) -> Row {
    let name = path.segments.last().map(|last| last.ident.to_string());
    let mut row = Row::new(Op::Call, name.unwrap_or_default(), at);
    row.path = text::path_text(path);
    row
}

fn is_lock(call: &Macro) -> bool {
    call.path
        .segments
        .last()
        .is_some_and(|last| last.ident == "lock")
}

fn is_timer(call: &ExprMethodCall) -> bool {
    ["sleep", "sleep_until", "wait_for"]
        .iter()
        .any(|known| call.method == known)
}

/// `Box::pin(…)` and the like.
fn is_constructor(call: &ExprCall) -> bool {
    match &*call.func {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "pin"),
        _ => false,
    }
}

/// The `Inventory` in `.map(Inventory::at)` and `.map(|key| Inventory::at(key))`.
fn mapped_to(call: &ExprMethodCall) -> Option<String> {
    match call.args.first()? {
        argument @ Expr::Path(_) => entity_of(argument),
        Expr::Closure(closure) => match &*closure.body {
            Expr::Call(call) => entity_at(call),
            _ => None,
        },
        _ => None,
    }
}

/// The `Inventory` in `Inventory::at("main")`.
fn entity_at(call: &ExprCall) -> Option<String> {
    entity_of(&call.func)
}

/// The `Inventory` in `Inventory::at`.
fn entity_of(function: &Expr) -> Option<String> {
    let Expr::Path(function) = function else {
        return None;
    };
    let mut names = function.path.segments.iter().rev();
    let (at, entity) = (names.next()?, names.next()?);
    let entity = entity.ident.to_string();
    let is_type = entity.starts_with(char::is_uppercase);
    (at.ident == "at" && is_type).then_some(entity)
}

/// The type in `ctx.wait_for::<Approval>()`.
fn turbofish(call: &ExprMethodCall) -> Option<Type> {
    match call.turbofish.as_ref()?.args.first()? {
        GenericArgument::Type(Type::Infer(_)) => None,
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// The `ctx.events::<E>()` that an expression takes its events from.
fn events_in(expression: &Expr) -> Option<&ExprMethodCall> {
    match expression {
        Expr::MethodCall(call) if call.method == "events" => Some(call),
        Expr::MethodCall(call) => events_in(&call.receiver),
        Expr::Call(call) => call.args.iter().find_map(events_in),
        Expr::Paren(inner) => events_in(&inner.expr),
        Expr::Reference(inner) => events_in(&inner.expr),
        _ => None,
    }
}

/// Whether a closure among the arguments makes calls.
fn has_calls(call: &ExprMethodCall) -> bool {
    call.args.iter().any(|argument| match argument {
        Expr::Closure(closure) => makes_calls(&closure.body),
        _ => false,
    })
}

/// Whether something in `expression` may be a durable call that it makes.
fn makes_calls(expression: &Expr) -> bool {
    match expression {
        Expr::Async(_) => true,
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let plain = |path: &Path| {
                    let lower = |name: &syn::PathSegment| {
                        name.ident
                            .to_string()
                            .starts_with(|c: char| c.is_lowercase() || c == '_')
                            && matches!(name.arguments, PathArguments::None)
                    };
                    path.segments.iter().all(lower)
                };
                plain(&path.path) || (is_constructor(call) && call.args.iter().any(makes_calls))
            }
            _ => false,
        },
        Expr::MethodCall(call) => {
            is_timer(call)
                || (is_one_of(&call.method, MODIFIERS) && makes_calls(&call.receiver))
                || has_calls(call)
                || (is_one_of(&call.method, PASSING) && makes_calls(&call.receiver))
        }
        Expr::Block(block) => match block.block.stmts.last() {
            Some(syn::Stmt::Expr(last, None)) => makes_calls(last),
            _ => false,
        },
        Expr::Array(list) => list.elems.iter().any(makes_calls),
        Expr::Macro(call) => {
            let is_vec = call
                .mac
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "vec");
            is_vec
                && expressions_in(&call.mac)
                    .iter()
                    .any(|(one, _)| makes_calls(one))
        }
        Expr::Paren(inner) => makes_calls(&inner.expr),
        _ => false,
    }
}
