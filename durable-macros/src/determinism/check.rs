//! Walks a body as the user wrote it, and reports what breaks a rule.

use proc_macro2::LineColumn;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use syn::Block;
use syn::Expr;
use syn::ExprCall;
use syn::ExprMethodCall;
use syn::FnArg;
use syn::Item;
use syn::ItemFn;
use syn::Local;
use syn::Macro;
use syn::Pat;
use syn::PatIdent;
use syn::Path;
use syn::Stmt;
use syn::Type;
use syn::visit;
use syn::visit::Visit;

use super::allow;
use super::allow::Allowed;
use super::endless;
use super::hash_order;
use super::hash_order::Order;
use super::macros;
use super::methods;
use super::paths;
use super::rules::Entry;
use super::rules::Rule;
use super::scope::Own;
use super::scope::Resolved;
use super::scope::Scope;
use super::scope::is_ours;
use super::shared_state;
use crate::body::expressions_in;
use crate::body::source_text;
use crate::diagnostics::Diagnostics;
use crate::orchestrator::CONTEXT;
use crate::signature::last_segment;
use crate::signature::referent;

/// A body, and what is known of it.
pub(crate) struct Body<'a> {
    /// With its braces.
    pub(crate) tokens: &'a TokenStream,
    pub(crate) inputs: &'a [FnArg],
    /// Whether its loops are checkpoints.
    pub(crate) checkpoints: bool,
    pub(crate) of: Of,
}

/// What a body is that of.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    /// Of an orchestrator or an inline helper: it is replayed.
    Orchestrator,
    /// Of an operation of an entity: it is a transaction.
    Operation,
}

/// A body after the check.
pub(crate) struct Checked {
    /// Without the attributes of the check.
    pub(crate) body: TokenStream,
    /// Where something was reported.
    pub(crate) reported: Reported,
}

/// A body in whose place nothing stands, since the compiler would say once more what was reported.
fn nothing() -> TokenStream {
    quote!({ ::core::unreachable!() })
}

/// The places that were reported: what follows from a mistake is not reported as well.
#[derive(Default)]
pub(crate) struct Reported {
    places: Vec<LineColumn>,
    /// Whether the compiler would report a mistake again, whatever stands around it.
    again: bool,
}

impl Reported {
    /// Whether one of the places is in `tokens`.
    pub(crate) fn in_tokens(&self, tokens: &TokenStream) -> bool {
        !self.places.is_empty() && self.any(tokens.clone())
    }

    fn any(&self, tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Group(group) => self.any(group.stream()),
            other => self.places.contains(&other.span().start()),
        })
    }
}

/// Checks `body`. A body that does not parse passes: that is reported where it is rewritten.
pub(crate) fn check(body: &Body<'_>, diagnostics: &mut Diagnostics) -> Checked {
    let stripped = allow::strip(body.tokens);
    let Ok(block) = syn::parse2::<Block>(body.tokens.clone()) else {
        return Checked {
            body: stripped.body,
            reported: Reported::default(),
        };
    };
    let mut checker = Checker {
        context: context_in(body.inputs),
        checkpoints: body.checkpoints,
        of: body.of,
        scope: Scope::default(),
        has_exceptions: !stripped.found.is_empty(),
        exceptions: Vec::new(),
        seen: Vec::new(),
        branches: 0,
        recorded: 0,
        indifferent: false,
        mentioned: Vec::new(),
        reported: Reported::default(),
        diagnostics,
    };
    checker.body(body.inputs, &block);
    let (seen, reported) = (checker.seen, checker.reported);
    for name in stripped.found {
        if !seen.contains(&name.span().start()) {
            let what = format!("`{name}` can only be used on a statement of the body");
            let help = "put it in front of the statement that breaks the rule";
            diagnostics.rule(Rule::Allow, name, what, help);
        }
    }
    Checked {
        body: if reported.again {
            nothing()
        } else {
            stripped.body
        },
        reported,
    }
}

/// What the user calls the context.
fn context_in(inputs: &[FnArg]) -> String {
    let mut names = inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => {
            last_segment(referent(&typed.ty)).filter(|segment| is_context(segment))?;
            match &*typed.pat {
                Pat::Ident(name) => Some(name.ident.to_string()),
                _ => None,
            }
        }
        FnArg::Receiver(_) => None,
    });
    let name = names.next().unwrap_or_default();
    match name.trim_start_matches('_') {
        "" => "ctx".to_owned(),
        used => used.to_owned(),
    }
}

fn is_context(segment: &syn::PathSegment) -> bool {
    [CONTEXT, crate::entity::CONTEXT]
        .iter()
        .any(|context| segment.ident == context)
}

struct Checker<'a> {
    context: String,
    checkpoints: bool,
    of: Of,
    scope: Scope,
    has_exceptions: bool,
    /// Of the statements around.
    exceptions: Vec<Allowed>,
    /// The attributes that were read.
    seen: Vec<LineColumn>,
    /// How many `async` blocks, closures and functions are around.
    branches: usize,
    /// How many `side_effect` are around: those values are recorded.
    recorded: usize,
    /// Whether what becomes of the next expression does not depend on its order.
    indifferent: bool,
    /// Functions of the body that it uses.
    mentioned: Vec<String>,
    reported: Reported,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn body(&mut self, inputs: &[FnArg], block: &Block) {
        self.scope.enter();
        for input in inputs {
            if let FnArg::Typed(typed) = input {
                let order = hash_order::of_type(&typed.ty, &self.scope);
                self.bind(&typed.pat, order);
            }
        }
        self.visit_block(block);
        self.scope.leave();
    }

    fn bind(&mut self, pattern: &Pat, order: Order) {
        let order = match pattern {
            Pat::Ident(_) => order,
            Pat::Type(typed) => return self.bind(&typed.pat, self.declared(&typed.ty, order)),
            _ => Order::Other,
        };
        let mut names = Names(Vec::new());
        names.visit_pat(pattern);
        for name in names.0 {
            self.scope.bind(name, order);
        }
    }

    /// The order that a declared type tells, unless it is left to the compiler.
    fn declared(&self, ty: &Type, inferred: Order) -> Order {
        match ty {
            Type::Infer(_) => inferred,
            ty => hash_order::of_type(ty, &self.scope),
        }
    }

    /// Reports that `at` breaks `rule`. An operation of an entity may break most of them: it is not
    /// replayed.
    fn report(&mut self, rule: Rule, at: &impl ToTokens, what: &str, help: &str) {
        match self.of {
            Of::Orchestrator => self.tell(rule, at, what, help),
            Of::Operation if rule.is_of_the_outside() => {
                let Entry { what, help, .. } = Rule::Outside.entry();
                let what = what.replace("{path}", &source_text(at.to_token_stream()));
                self.tell(Rule::Outside, at, &what, help);
            }
            Of::Operation => {}
        }
    }

    /// Reports that `at` breaks `rule`, unless an exception allows it.
    fn tell(&mut self, rule: Rule, at: &impl ToTokens, what: &str, help: &str) {
        if self.recorded > 0 {
            return;
        }
        let mut allowed = self.exceptions.iter_mut().rev();
        if let Some(exception) = allowed.find(|exception| exception.rule == rule) {
            exception.used = true;
            return;
        }
        let first = at.to_token_stream().into_iter().next();
        self.reported
            .places
            .extend(first.map(|token| token.span().start()));
        let help = help.replace("{ctx}", &self.context);
        self.diagnostics.rule(rule, at, what, help);
    }

    /// Reports that `at` breaks `rule`, in the rule's own words.
    fn breaks(&mut self, rule: Rule, at: &impl ToTokens) {
        let entry = rule.entry();
        let what = entry
            .what
            .replace("{path}", &source_text(at.to_token_stream()));
        self.report(rule, at, &what, entry.help);
    }

    /// Checks a function that is named, and its arguments where it is called.
    fn function(&mut self, path: &Path, call: Option<&ExprCall>) {
        let variable = path.get_ident().map(ToString::to_string);
        if variable.is_some_and(|name| self.scope.variable(&name).is_some()) {
            return;
        }
        let full = match self.scope.resolve(path) {
            Resolved::Foreign(full) => full,
            Resolved::Own(_) => {
                self.mentioned
                    .extend(path.get_ident().map(ToString::to_string));
                return;
            }
        };
        let Some(known) = full.iter().find_map(|words| paths::known(words)) else {
            return;
        };
        let entry = known.rule.entry();
        let what = entry
            .what
            .replace("{path}", &source_text(path.to_token_stream()));
        let help = filled(known.help.unwrap_or(entry.help), call);
        self.report(known.rule, path, &what, &help);
    }

    fn call(&mut self, call: &ExprCall) {
        match &*call.func {
            Expr::Path(function) => self.function(&function.path, Some(call)),
            other => self.visit_expr(other),
        }
        for argument in &call.args {
            self.visit_expr(argument);
        }
    }

    fn method_call(&mut self, call: &ExprMethodCall, indifferent: bool) {
        if hash_order::iterates(call, &self.scope) && !indifferent {
            self.breaks(Rule::HashOrder, &call.receiver);
        }
        if shared_state::accesses(call) {
            self.breaks(Rule::SharedState, &call.receiver);
        }
        if call.method == "elapsed" && is_epoch(&call.receiver) {
            self.breaks(Rule::Clock, &call.receiver);
        }
        self.method(call);
        self.indifferent = indifferent || hash_order::is_indifferent(call);
        self.visit_expr(&call.receiver);
        // What `side_effect` computes is recorded, and not computed again.
        let recorded = usize::from(call.method == "side_effect");
        self.recorded += recorded;
        for argument in &call.args {
            self.visit_expr(argument);
        }
        self.recorded -= recorded;
    }

    /// Checks a method by its name.
    fn method(&mut self, call: &ExprMethodCall) {
        if methods::polls(&call.method) {
            self.breaks(Rule::Polled, &call.method);
        }
        if methods::hides_futures(&call.method) {
            let what = format!("`{}` is not a durable combinator", call.method);
            self.report(
                Rule::NotDurable,
                &call.method,
                &what,
                methods::INSTEAD_OF_HIDING,
            );
        }
        if call.method == "signal" && self.is_context(&call.receiver) {
            let what = "only an operation of an entity can use `ctx.signal`: an orchestrator \
                        awaits the signal itself";
            self.reported.again |= matches!(self.of, Of::Orchestrator);
            self.report(
                Rule::NotDurable,
                &call.method,
                what,
                &methods::as_signal(call),
            );
        }
    }

    fn is_context(&self, receiver: &Expr) -> bool {
        matches!(receiver, Expr::Path(path) if path.path.is_ident(&self.context))
    }

    /// A function of the body is no durable future.
    fn awaited(&mut self, base: &Expr) {
        let Expr::Call(call) = base else { return };
        let Expr::Path(function) = &*call.func else {
            return;
        };
        if self.scope.resolve(&function.path) == Resolved::Own(Own::AsyncFunction) {
            self.breaks(Rule::NotDurable, &function.path);
        }
    }

    fn macro_call(&mut self, call: &Macro) {
        let name = call.path.get_ident().map(ToString::to_string);
        if name.is_some_and(|name| self.scope.is_own_macro(&name)) {
            return;
        }
        let Resolved::Foreign(full) = self.scope.resolve(&call.path) else {
            return;
        };
        let Some(rule) = full.iter().find_map(|words| macros::known(words)) else {
            return;
        };
        let entry = rule.entry();
        let name = format!("{}!", source_text(call.path.to_token_stream()));
        let what = entry.what.replace("{path}", &name);
        let help = entry
            .help
            .replace("{log}", &macros::logged(call, &self.context));
        self.report(rule, &call.path, &what, &help);
    }

    fn in_scope(&mut self, binds: &[(&Pat, Order)], inside: impl FnOnce(&mut Self)) {
        self.scope.enter();
        for (pattern, order) in binds {
            self.bind(pattern, *order);
        }
        inside(self);
        self.scope.leave();
    }

    fn in_branch(&mut self, inside: impl FnOnce(&mut Self)) {
        self.branches += 1;
        inside(self);
        self.branches -= 1;
    }

    fn endless(&mut self, expression: &Expr) {
        if self.checkpoints || self.branches > 0 || !endless::is_endless(expression) {
            return;
        }
        let entry = Rule::EndlessLoop.entry();
        match expression {
            Expr::Loop(endless) => {
                self.report(entry.rule, &endless.loop_token, entry.what, entry.help);
            }
            Expr::While(endless) => {
                self.report(entry.rule, &endless.while_token, entry.what, entry.help);
            }
            Expr::ForLoop(endless) => {
                self.report(entry.rule, &endless.for_token, entry.what, entry.help);
            }
            _ => {}
        }
    }

    /// The functions of a block that the body uses do what the body does.
    fn functions_of(&mut self, block: &Block) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(Item::Fn(function)) => Some(function),
            _ => None,
        });
        let mut left: Vec<&ItemFn> = items
            .filter(|function| !function.attrs.iter().any(|own| is_ours(own.path())))
            .collect();
        while let Some(position) = left.iter().position(|function| {
            let name = function.sig.ident.to_string();
            self.mentioned.contains(&name)
        }) {
            let function = left.swap_remove(position);
            let inputs: Vec<FnArg> = function.sig.inputs.iter().cloned().collect();
            self.in_branch(|checker| checker.body(&inputs, &function.block));
        }
    }
}

/// The names that a pattern binds.
struct Names(Vec<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.push(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }
}

/// `UNIX_EPOCH`, whose age is the time.
fn is_epoch(receiver: &Expr) -> bool {
    let Expr::Path(path) = receiver else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "UNIX_EPOCH")
}

/// A help with the arguments of the call in it.
fn filled(help: &str, call: Option<&ExprCall>) -> String {
    let argument = |position: usize| {
        let argument = call.and_then(|call| call.args.iter().nth(position));
        argument.map_or_else(
            || "…".to_owned(),
            |argument| source_text(argument.to_token_stream()),
        )
    };
    let all = call.map(|call| source_text(call.args.to_token_stream()));
    let all = all.filter(|text| !text.is_empty());
    help.replace("{args}", all.as_deref().unwrap_or("…"))
        .replace("{first}", &argument(0))
        .replace("{second}", &argument(1))
}

impl<'ast> Visit<'ast> for Checker<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        self.scope.enter_block(block);
        visit::visit_block(self, block);
        self.functions_of(block);
        self.scope.leave();
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if !self.has_exceptions {
            return visit::visit_stmt(self, statement);
        }
        let before = self.exceptions.len();
        for attribute in allow::in_front_of(statement) {
            let place = allow::place(&attribute);
            if !self.seen.iter().any(|seen| Some(*seen) == place) {
                self.seen.extend(place);
                let allowed = allow::read(&attribute, self.diagnostics);
                self.exceptions.extend(allowed);
            }
        }
        visit::visit_stmt(self, statement);
        for exception in self.exceptions.split_off(before) {
            exception.finish(self.diagnostics);
        }
    }

    /// Items are functions of their own; a static is a state of the body.
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Static(state) if shared_state::changes(state) => {
                self.breaks(Rule::SharedState, &state.ident);
            }
            Item::Macro(call) if call.ident.is_none() => self.visit_macro(&call.mac),
            _ => {}
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let mut order = Order::Other;
        if let Some(init) = &local.init {
            order = hash_order::of_expression(&init.expr, &self.scope);
            self.indifferent = hash_order::is_reordered(local);
            self.visit_expr(&init.expr);
            if let Some((_, diverges)) = &init.diverge {
                self.visit_expr(diverges);
            }
        }
        self.bind(&local.pat, order);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.in_scope(&[(&arm.pat, Order::Other)], |checker| {
            visit::visit_arm(checker, arm);
        });
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        let indifferent = std::mem::take(&mut self.indifferent);
        match expression {
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method_call(call, indifferent),
            Expr::Path(path) if path.qself.is_none() => self.function(&path.path, None),
            Expr::Await(awaited) => {
                self.awaited(&awaited.base);
                self.visit_expr(&awaited.base);
            }
            Expr::Async(_) => self.in_branch(|checker| visit::visit_expr(checker, expression)),
            Expr::Closure(closure) => self.in_branch(|checker| {
                let binds: Vec<_> = closure.inputs.iter().map(|p| (p, Order::Other)).collect();
                checker.in_scope(&binds, |checker| checker.visit_expr(&closure.body));
            }),
            Expr::ForLoop(repeated) => {
                self.endless(expression);
                if hash_order::of_expression(&repeated.expr, &self.scope) == Order::Hashed {
                    self.breaks(Rule::HashOrder, &repeated.expr);
                }
                self.visit_expr(&repeated.expr);
                self.in_scope(&[(&repeated.pat, Order::Other)], |checker| {
                    checker.visit_block(&repeated.body);
                });
            }
            Expr::Loop(_) | Expr::While(_) => {
                self.endless(expression);
                visit::visit_expr(self, expression);
            }
            _ => visit::visit_expr(self, expression),
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.macro_call(call);
        for (expression, _) in expressions_in(call) {
            Visit::visit_expr(self, &expression);
        }
    }

    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}
    fn visit_type(&mut self, _ty: &'ast Type) {}
}
