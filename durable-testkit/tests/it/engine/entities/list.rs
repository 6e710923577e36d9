//! Another entity by hand, in the form of [`account`](super::account).

use durable_runtime::__private as seam;
use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::calls::started_by_an_entity;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) entries: Vec<String>,
}

/// What [`Journal`] was before.
#[derive(Deserialize)]
struct OldJournal {
    text: String,
}

impl From<OldJournal> for Journal {
    fn from(old: OldJournal) -> Self {
        let entries = old.text.lines().map(ToOwned::to_owned).collect();
        Self { entries }
    }
}

impl Journal {
    fn append(&mut self, entry: String) {
        self.entries.push(entry);
    }

    fn clear(&mut self) {
        self.entries.clear();
    }

    fn erase(&mut self, ctx: &EntityContext) {
        self.entries.push("erased".to_owned());
        ctx.delete_state();
    }

    fn launch(&mut self, ctx: &EntityContext, id: String) -> String {
        self.entries.push(format!("launched {id}"));
        let key = ctx.key().to_owned();
        ctx.start(started_by_an_entity(key).id(id)).to_string()
    }

    /// Awaits a signal, which it may, and then something that it may not.
    async fn dawdle(&mut self, long: bool) {
        self.entries.push("dawdled".to_owned());
        let signalled = Journal::at("other").signal_append("hello".to_owned());
        signalled.after(seconds(1)).await.unwrap();
        if long {
            std::future::pending::<()>().await;
        }
    }

    /// Reads only, and yet signals.
    fn peek(&self, ctx: &EntityContext) -> usize {
        ctx.signal(Journal::at("other").append("peeked".to_owned()));
        self.entries.len()
    }

    pub(super) fn at(key: impl AsRef<str>) -> seam::EntityRef<Self> {
        seam::EntityRef::new(key)
    }
}

#[derive(Clone, Debug)]
pub(super) struct JournalCalls(seam::EntityTarget);

impl JournalCalls {
    #[track_caller]
    pub(super) fn append(&self, entry: String) -> seam::EntityCall<(), Failure> {
        seam::entity_call(&self.0, "append", (entry,))
    }

    #[track_caller]
    pub(super) fn signal_append(&self, entry: String) -> seam::EntitySignal {
        seam::entity_signal(&self.0, "append", (entry,))
    }
}

#[derive(Debug)]
pub(super) struct JournalSection(seam::LockedPart);

impl JournalSection {
    #[track_caller]
    pub(super) fn append(&mut self, entry: String) -> seam::LockedCall<'_, (), Failure> {
        seam::locked_call(&mut self.0, "append", (entry,))
    }
}

#[derive(Clone, Debug)]
pub(super) struct JournalClient(seam::EntityHandle<Journal>);

impl JournalClient {
    pub(super) fn new(client: impl Into<seam::Client>, key: impl AsRef<str>) -> Self {
        Self(client.into().entity(key))
    }

    pub(super) fn append(&self, entry: String) -> seam::ClientCall<(), Failure> {
        self.0.call("append", (entry,))
    }

    pub(super) fn signal_append(&self, entry: String) -> seam::ClientSignal {
        self.0.signal("append", (entry,))
    }

    pub(super) fn clear(&self) -> seam::ClientCall<(), Failure> {
        self.0.call("clear", ())
    }

    pub(super) fn erase(&self) -> seam::ClientCall<(), Failure> {
        self.0.call("erase", ())
    }

    pub(super) fn signal_launch(&self, id: String) -> seam::ClientSignal {
        self.0.signal("launch", (id,))
    }
}

impl std::ops::Deref for JournalClient {
    type Target = seam::EntityHandle<Journal>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<seam::EntityTarget> for JournalCalls {
    fn from(target: seam::EntityTarget) -> Self {
        Self(target)
    }
}

impl From<seam::LockedPart> for JournalSection {
    fn from(part: seam::LockedPart) -> Self {
        Self(part)
    }
}

impl seam::Entity for Journal {
    const NAME: &'static str = "Journal";
    const VERSION: &'static str = "2";
    const OPERATIONS: &'static [seam::OperationDefinition] = &[
        seam::OperationDefinition::new("append", false),
        seam::OperationDefinition::new("clear", false),
        seam::OperationDefinition::new("erase", false),
        seam::OperationDefinition::new("launch", false),
        seam::OperationDefinition::new("dawdle", false),
        seam::OperationDefinition::new("peek", true),
    ];
    type Calls = JournalCalls;
    type Section = JournalSection;

    fn init() -> Self {
        Self::default()
    }

    fn load(recorded: &seam::Payload) -> Result<Self, seam::CodecError> {
        seam::load_state_or_migrate::<Self, OldJournal>(recorded)
    }

    fn run<'a>(&'a mut self, call: seam::OperationCall<'a>) -> seam::OperationFuture<'a> {
        Box::pin(async move {
            macro_rules! arguments {
                ($types:ty) => {
                    match call.arguments::<$types>() {
                        Ok(arguments) => arguments,
                        Err(refused) => return refused,
                    }
                };
            }
            match call.operation() {
                "append" => {
                    let (entry,) = arguments!((String,));
                    seam::OperationResult::of_value::<()>(&self.append(entry))
                }
                "clear" => seam::OperationResult::of_value::<()>(&self.clear()),
                "erase" => seam::OperationResult::of_value::<()>(&self.erase(call.context())),
                "launch" => {
                    let (id,) = arguments!((String,));
                    seam::OperationResult::of_value(&self.launch(call.context(), id))
                }
                "dawdle" => {
                    let (long,) = arguments!((bool,));
                    seam::OperationResult::of_value::<()>(&self.dawdle(long).await)
                }
                "peek" => seam::OperationResult::of_value(&self.peek(call.context())),
                _ => call.unknown(),
            }
        })
    }
}
