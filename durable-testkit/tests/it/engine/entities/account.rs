//! An entity, and by hand everything that `#[entity]` emits for it.

use durable_runtime::__private as seam;
use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum AccountError {
    #[error("{missing} are missing")]
    Insufficient { missing: u64 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) balance: u64,
}

// The block that `#[entity]` stands on: emitted as it is, without the attributes of its operations.
impl Account {
    async fn withdraw(&mut self, ctx: &EntityContext, amount: u64) -> Result<u64, AccountError> {
        if ctx.key() != "audit" {
            Account::at("audit").signal_deposit(1).await?;
        }
        let Some(left) = self.balance.checked_sub(amount) else {
            let missing = amount - std::mem::take(&mut self.balance);
            return Err(AccountError::Insufficient { missing });
        };
        self.balance = left;
        Ok(self.balance)
    }

    fn deposit(&mut self, amount: u64) {
        self.balance += amount;
    }

    // #[read_only]
    fn balance(&self) -> u64 {
        self.balance
    }
}

// ---- from here on it is what the macro emits ----

/// The operations of [`Account`] as orchestrators and entities call them.
#[derive(Clone, Debug)]
pub(super) struct AccountCalls(seam::EntityTarget);

/// The operations of [`Account`] in a critical section.
#[derive(Debug)]
pub(super) struct AccountSection(seam::LockedPart);

/// Calls and signals [`Account`] from outside.
#[derive(Clone, Debug)]
pub(super) struct AccountClient(seam::EntityHandle<Account>);

impl Account {
    /// The entity under `key`, for orchestrators and entities.
    pub(super) fn at(key: impl ::core::convert::AsRef<str>) -> seam::EntityRef<Self> {
        seam::EntityRef::new(key)
    }
}

#[expect(dead_code, reason = "the macro emits all, the tests use some")]
impl AccountCalls {
    #[track_caller]
    pub(super) fn withdraw(&self, amount: u64) -> seam::EntityCall<u64, AccountError> {
        seam::entity_call(&self.0, "withdraw", (amount,))
    }

    #[track_caller]
    pub(super) fn signal_withdraw(&self, amount: u64) -> seam::EntitySignal {
        seam::entity_signal(&self.0, "withdraw", (amount,))
    }

    // A plain value, or nothing: the error is `Failure`.
    #[track_caller]
    pub(super) fn deposit(&self, amount: u64) -> seam::EntityCall<(), seam::Failure> {
        seam::entity_call(&self.0, "deposit", (amount,))
    }

    #[track_caller]
    pub(super) fn signal_deposit(&self, amount: u64) -> seam::EntitySignal {
        seam::entity_signal(&self.0, "deposit", (amount,))
    }

    // No `signal_balance`: it is `#[read_only]`.
    #[track_caller]
    pub(super) fn balance(&self) -> seam::EntityCall<u64, seam::Failure> {
        seam::entity_call(&self.0, "balance", ())
    }
}

impl AccountSection {
    #[track_caller]
    pub(super) fn withdraw(&mut self, amount: u64) -> seam::LockedCall<'_, u64, AccountError> {
        seam::locked_call(&mut self.0, "withdraw", (amount,))
    }

    #[track_caller]
    pub(super) fn deposit(&mut self, amount: u64) -> seam::LockedCall<'_, (), seam::Failure> {
        seam::locked_call(&mut self.0, "deposit", (amount,))
    }

    #[track_caller]
    pub(super) fn balance(&mut self) -> seam::LockedCall<'_, u64, seam::Failure> {
        seam::locked_call(&mut self.0, "balance", ())
    }
}

impl AccountClient {
    /// The entity under `key` in the hub that `client` is for.
    pub(super) fn new(
        client: impl ::core::convert::Into<seam::Client>,
        key: impl ::core::convert::AsRef<str>,
    ) -> Self {
        Self(::core::convert::Into::<seam::Client>::into(client).entity(key))
    }

    pub(super) fn withdraw(&self, amount: u64) -> seam::ClientCall<u64, AccountError> {
        self.0.call("withdraw", (amount,))
    }

    pub(super) fn signal_withdraw(&self, amount: u64) -> seam::ClientSignal {
        self.0.signal("withdraw", (amount,))
    }

    pub(super) fn deposit(&self, amount: u64) -> seam::ClientCall<(), seam::Failure> {
        self.0.call("deposit", (amount,))
    }

    pub(super) fn signal_deposit(&self, amount: u64) -> seam::ClientSignal {
        self.0.signal("deposit", (amount,))
    }

    pub(super) fn balance(&self) -> seam::ClientCall<u64, seam::Failure> {
        self.0.call("balance", ())
    }
}

/// `client.state().await?` and `client.info().await?`.
impl ::core::ops::Deref for AccountClient {
    type Target = seam::EntityHandle<Account>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

const _: () = {
    impl ::core::convert::From<seam::EntityTarget> for AccountCalls {
        fn from(target: seam::EntityTarget) -> Self {
            Self(target)
        }
    }

    impl ::core::convert::From<seam::LockedPart> for AccountSection {
        fn from(part: seam::LockedPart) -> Self {
            Self(part)
        }
    }

    impl seam::Entity for Account {
        const NAME: &'static str = "Account";
        const VERSION: &'static str = "1";
        const OPERATIONS: &'static [seam::OperationDefinition] = &[
            seam::OperationDefinition::new("withdraw", false),
            seam::OperationDefinition::new("deposit", false),
            seam::OperationDefinition::new("balance", true),
        ];
        type Calls = AccountCalls;
        type Section = AccountSection;

        fn init() -> Self {
            // Or the path given by `#[entity(init = path)]`.
            <Self as ::core::default::Default>::default()
        }

        fn load(recorded: &seam::Payload) -> ::core::result::Result<Self, seam::CodecError> {
            // Or `load_state_or_migrate::<Self, Old>` under `#[entity(migrate_from = Old)]`.
            seam::load_state::<Self>(recorded)
        }

        fn run<'a>(&'a mut self, call: seam::OperationCall<'a>) -> seam::OperationFuture<'a> {
            ::std::boxed::Box::pin(async move {
                match call.operation() {
                    "withdraw" => {
                        let (amount,) = match call.arguments::<(u64,)>() {
                            Ok(arguments) => arguments,
                            Err(refused) => return refused,
                        };
                        let result = self.withdraw(call.context(), amount).await;
                        seam::OperationResult::of_result::<u64, AccountError>(&result)
                    }
                    "deposit" => {
                        let (amount,) = match call.arguments::<(u64,)>() {
                            Ok(arguments) => arguments,
                            Err(refused) => return refused,
                        };
                        seam::OperationResult::of_value::<()>(&self.deposit(amount))
                    }
                    "balance" => {
                        let () = match call.arguments::<()>() {
                            Ok(arguments) => arguments,
                            Err(refused) => return refused,
                        };
                        seam::OperationResult::of_value::<u64>(&self.balance())
                    }
                    _ => call.unknown(),
                }
            })
        }
    }

    // So that an orchestrator whose body names `Account::at(…)` lists it among its callees.
    impl seam::Listed for Account {
        fn list(list: &mut seam::CalleeList) {
            list.entity(<Self as seam::Entity>::NAME);
        }
    }
};
