//! The table of rules.

use std::fmt::Display;

use quote::ToTokens;

/// A rule, by what it is about. The order is that of the codes, which never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Clock,
    Sleep,
    Random,
    NewId,
    Environment,
    File,
    Network,
    Process,
    Thread,
    Task,
    BlockOn,
    LockOrChannel,
    HashOrder,
    SharedState,
    Log,
    EndlessLoop,
    DroppedCall,
    NotDurable,
    HiddenAwait,
    SelectPattern,
    SelectArm,
    Context,
    Argument,
    Function,
    NotRecorded,
    ErrorType,
    EqualEvents,
    Event,
    EqualNames,
    UnknownOption,
    OptionValue,
    Allow,
    NextArguments,
    NotRegistrable,
    NotRegistered,
    RuntimePath,
    Polled,
    CallElsewhere,
    Status,
    Configured,
    EntityBlock,
    Receiver,
    ReadOnly,
    ReservedName,
    OneState,
    Operations,
    FirstState,
    NotAwaited,
    Outside,
    Migration,
}

/// The rules from here on have codes from D101 on: they are those of entities.
const FIRST_OF_ENTITIES: usize = Rule::EntityBlock as usize;

/// Who finds that a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// The check of the body; `#[allow_nondeterminism]` may let it pass.
    Body,
    /// A macro, while it reads the item.
    Macro,
    /// The compiler, by a bound that generated code states.
    Bound,
    /// The registry, when the runtime starts.
    Start,
}

/// What is said of a rule.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) rule: Rule,
    pub(crate) found_by: FoundBy,
    /// What the rule asks for, as the title of its page.
    pub(crate) title: &'static str,
    /// What is wrong; `{path}` is what the user wrote. Empty where each case has words of its own.
    pub(crate) what: &'static str,
    /// What to write instead; `{ctx}` is the user's context.
    pub(crate) help: &'static str,
}

/// All rules, sorted by code.
pub(crate) const RULES: &[Entry] = &[
    Entry {
        rule: Rule::Clock,
        found_by: FoundBy::Body,
        title: "read the time from the context",
        what: "`{path}` reads a clock: a replay would read a different time",
        help: "use `{ctx}.now()`, the time of the turn, which is the same on replay",
    },
    Entry {
        rule: Rule::Sleep,
        found_by: FoundBy::Body,
        title: "wait with a durable timer",
        what: "`{path}` is not durable: a crash would lose it, and a replay would repeat it",
        help: "use `{ctx}.sleep({args}).await`, which survives restarts",
    },
    Entry {
        rule: Rule::Random,
        found_by: FoundBy::Body,
        title: "get random numbers from the context",
        what: "`{path}` is random: a replay would get a different value",
        help: "use `{ctx}.random()`, or seed a generator with it",
    },
    Entry {
        rule: Rule::NewId,
        found_by: FoundBy::Body,
        title: "get new ids from the context",
        what: "`{path}` makes a new id each time: a replay would get a different id",
        help: "use `{ctx}.new_uuid()`, which gives the same id on replay",
    },
    Entry {
        rule: Rule::Environment,
        found_by: FoundBy::Body,
        title: "pass the environment as an argument",
        what: "`{path}` depends on the process: a replay may run in a different one",
        help: "pass the value to the orchestrator as an argument, or read it in an `#[activity]`",
    },
    Entry {
        rule: Rule::File,
        found_by: FoundBy::Body,
        title: "use files and standard streams in activities",
        what: "`{path}` uses a file or a standard stream: a replay would use it again and could \
               get a different result",
        help: "move this into an `#[activity]`, and await the activity",
    },
    Entry {
        rule: Rule::Network,
        found_by: FoundBy::Body,
        title: "use network and databases in activities",
        what: "`{path}` uses the network: a replay would use it again and could get a different \
               answer",
        help: "move this into an `#[activity]`, and await the activity",
    },
    Entry {
        rule: Rule::Process,
        found_by: FoundBy::Body,
        title: "use processes in activities",
        what: "`{path}` works with processes: a replay would do so again, perhaps in a different \
               process",
        help: "move this into an `#[activity]`, and await the activity",
    },
    Entry {
        rule: Rule::Thread,
        found_by: FoundBy::Body,
        title: "an orchestrator uses no threads",
        what: "`{path}` uses threads: a replay cannot reproduce the order in which they run",
        help: "move the work into an `#[activity(blocking)]`; to run several calls at once, use \
               `join!` or `.spawn()`",
    },
    Entry {
        rule: Rule::Task,
        found_by: FoundBy::Body,
        title: "use the orchestration's own concurrency",
        what: "`{path}` starts a task that no history records: a crash would lose it",
        help: "await the calls together with `join!`, or start a call with `.spawn()`",
    },
    Entry {
        rule: Rule::BlockOn,
        found_by: FoundBy::Body,
        title: "an orchestrator never blocks",
        what: "`{path}` blocks the thread of the turn: an orchestrator can wait only with `.await`",
        help: "use `{args}.await`; move anything that is not durable into an `#[activity]`",
    },
    Entry {
        rule: Rule::LockOrChannel,
        found_by: FoundBy::Body,
        title: "an orchestration uses no locks and channels",
        what: "`{path}` is a lock or channel in memory: a crash would lose it, and it cannot wake \
               a waiting orchestrator",
        help: "keep the value in a local variable; to wait for something outside, use \
               `{ctx}.wait_for::<E>()`",
    },
    Entry {
        rule: Rule::HashOrder,
        found_by: FoundBy::Body,
        title: "do not iterate over a hash map",
        what: "the iteration order of `{path}` is not fixed: a replay could take a different path",
        help: "use a `BTreeMap` or `BTreeSet`, or sort the items in a `Vec`",
    },
    Entry {
        rule: Rule::SharedState,
        found_by: FoundBy::Body,
        title: "keep no state outside the orchestration",
        what: "`{path}` outlives the orchestration: a replay would find a different value in it",
        help: "keep the value in a local variable; put data that instances share into an entity \
               or an activity's `State<T>`",
    },
    Entry {
        rule: Rule::Log,
        found_by: FoundBy::Body,
        title: "log through the context",
        what: "`{path}` would write its output again on every replay",
        help: "use `{ctx}.log()`, which is silent during a replay: `{log}`",
    },
    Entry {
        rule: Rule::EndlessLoop,
        found_by: FoundBy::Body,
        title: "a loop ends, checkpoints or continues as new",
        what: "this loop never ends, so the history grows without limit",
        help: "add `#[orchestrator(checkpoint)]`, or end the loop with `break` or \
               `return {ctx}.continue_as_new(…).await`",
    },
    Entry {
        rule: Rule::DroppedCall,
        found_by: FoundBy::Bound,
        title: "await every call",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::NotDurable,
        found_by: FoundBy::Bound,
        title: "await only durable futures",
        what: "`{path}` is an ordinary async function: a crash would lose it, and a replay would \
               repeat it",
        help: "mark it `#[orchestrator(inline)]` if it awaits durable operations; otherwise make \
               it an `#[activity]`",
    },
    Entry {
        rule: Rule::HiddenAwait,
        found_by: FoundBy::Macro,
        title: "do not await inside a macro",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::SelectPattern,
        found_by: FoundBy::Macro,
        title: "an arm of `select!` takes every value",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::SelectArm,
        found_by: FoundBy::Macro,
        title: "an arm of `select!` is a pattern, a future and a body",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Context,
        found_by: FoundBy::Macro,
        title: "take the context in the right form",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Argument,
        found_by: FoundBy::Macro,
        title: "an argument owns what it holds",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Function,
        found_by: FoundBy::Macro,
        title: "the attribute goes on a free async function",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::NotRecorded,
        found_by: FoundBy::Bound,
        title: "what is recorded can be serialised",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::ErrorType,
        found_by: FoundBy::Bound,
        title: "an error can hold a failure of the runtime",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::EqualEvents,
        found_by: FoundBy::Bound,
        title: "the events of an orchestrator have different names",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Event,
        found_by: FoundBy::Bound,
        title: "wait only for declared events",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::EqualNames,
        found_by: FoundBy::Start,
        title: "a name and version belong to one function",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::UnknownOption,
        found_by: FoundBy::Macro,
        title: "use only options that the attribute knows",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::OptionValue,
        found_by: FoundBy::Macro,
        title: "the value of an option makes sense",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Allow,
        found_by: FoundBy::Macro,
        title: "an exception has a code and a reason",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::NextArguments,
        found_by: FoundBy::Bound,
        title: "continuing as new takes the orchestrator's own arguments",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::NotRegistrable,
        found_by: FoundBy::Bound,
        title: "register and call only activities and orchestrators",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::NotRegistered,
        found_by: FoundBy::Start,
        title: "register what is called",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::RuntimePath,
        found_by: FoundBy::Macro,
        title: "the attribute finds the runtime",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Polled,
        found_by: FoundBy::Body,
        title: "a durable future is awaited, and not polled by hand",
        what: "`{path}` checks whether a result is ready: on replay it is ready at once, and the \
               code would take a different path",
        help: "await it; to limit the wait, use `select!` with `{ctx}.sleep(…)`",
    },
    Entry {
        rule: Rule::CallElsewhere,
        found_by: FoundBy::Bound,
        title: "a call is awaited in an orchestrator",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Status,
        found_by: FoundBy::Bound,
        title: "a status is declared before it is set",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Configured,
        found_by: FoundBy::Macro,
        title: "a function has the same parameters in every build",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::EntityBlock,
        found_by: FoundBy::Macro,
        title: "an entity is the `impl` block of one plain type",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Receiver,
        found_by: FoundBy::Macro,
        title: "an operation borrows the state",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::ReadOnly,
        found_by: FoundBy::Macro,
        title: "a read-only operation takes `&self`",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::ReservedName,
        found_by: FoundBy::Macro,
        title: "an operation does not use a reserved name",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::OneState,
        found_by: FoundBy::Macro,
        title: "an operation takes no `State<T>`",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Operations,
        found_by: FoundBy::Macro,
        title: "write the operations out in the block",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::FirstState,
        found_by: FoundBy::Bound,
        title: "an entity has a first state",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::NotAwaited,
        found_by: FoundBy::Bound,
        title: "an operation awaits only signals",
        what: "",
        help: "",
    },
    Entry {
        rule: Rule::Outside,
        found_by: FoundBy::Body,
        title: "an operation does not take time or act outside",
        what: "`{path}` takes time or acts outside the entity: `durable` cannot undo it if the \
               operation fails",
        help: "do this in an activity; `{ctx}.start(…)` can start an orchestrator that calls the \
               activity",
    },
    Entry {
        rule: Rule::Migration,
        found_by: FoundBy::Bound,
        title: "convert an older state with `From`",
        what: "",
        help: "",
    },
];

impl Rule {
    /// `D001` and so on.
    pub(crate) fn code(self) -> String {
        let number = self as usize;
        match number.checked_sub(FIRST_OF_ENTITIES) {
            Some(number) => format!("D{}", number + 101),
            None => format!("D{:03}", number + 1),
        }
    }

    pub(crate) fn entry(self) -> &'static Entry {
        &RULES[self as usize]
    }

    /// Whether what breaks it takes time, or acts outside of the process's own memory.
    pub(super) fn is_of_the_outside(self) -> bool {
        matches!(
            self,
            Self::Sleep
                | Self::File
                | Self::Network
                | Self::Process
                | Self::Thread
                | Self::Task
                | Self::BlockOn
        )
    }

    /// The rule of that code.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        let mut rules = RULES.iter().map(|entry| entry.rule);
        rules.find(|rule| rule.code() == code)
    }

    /// The error at `at`: what is wrong, below it the fix and the code.
    pub(crate) fn error(
        self,
        at: impl ToTokens,
        what: impl Display,
        help: impl Display,
    ) -> syn::Error {
        syn::Error::new_spanned(at, self.text(what, help))
    }

    /// What is wrong, below it the fix and the code.
    pub(crate) fn text(self, what: impl Display, help: impl Display) -> String {
        format!("{what}\nhelp: {help} [{}]", self.code())
    }
}
