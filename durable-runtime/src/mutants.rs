//! Planted bugs: ways in which an engine like this goes wrong, most of them as another has. The
//! simulator must find each of them; that shows that it looks.
//!
//! 1. A site reads `if mutant(Mutant::TimerEarly) { …the bug… }` beside the right code. Without the
//!    feature `mutants` the question is the constant `false`, and nothing of a site is left.
//! 2. At most one bug is active on a thread: the one that `plant` chose last.

#[cfg(feature = "mutants")]
use std::cell::Cell;

/// Defines [`Mutant`], and with the feature what is known of each.
macro_rules! mutants {
    ($($name:ident: $bug:literal, $like:literal;)+) => {
        /// A planted bug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutant {
            $(
                #[doc = concat!($bug, ". Like: ", $like, ".")]
                $name,
            )+
        }

        #[cfg(feature = "mutants")]
        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What goes wrong, and where that happened to others or what rule it breaks.
            pub const fn bug(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($bug, $like),)+
                }
            }
        }
    };
}

mutants! {
    // Who owns what.
    NoFenceCheck:
        "A worker that was taken for dead goes on writing",
        "Azure/durabletask #891";
    FencedWithoutEpoch:
        "Units change hands, and the old owner keeps its epoch",
        "dbos-transact-py #742";
    LeaseNotChecked:
        "A living worker is taken for dead",
        "dbos-transact-java #491";
    UnitsNotReleased:
        "A worker that stops keeps its units",
        "pgqueuer #474";
    LostUnitsStayInMemory:
        "What is in memory of units that went to others stays there",
        "dapr #9943";
    // A store without room, and deaths.
    FullIsForGood:
        "A store that has no room for now has refused for good",
        "our own case: an order that was never filled once there was room again";
    WritesLostOnceFull:
        "Once the store had no room, what a process writes is acknowledged and lost",
        "our own case: 77,957 accepted orders, lost after one SQLITE_FULL";
    AllCountAsLost:
        "Every attempt that is open when a worker starts counts as lost",
        "our own case: 20 quick restarts failed 101 of 1,000 instances";
    StopCountsAsLoss:
        "An attempt that a stop interrupts counts as lost",
        "our own case: four deploys failed a long activity";
    StopLeavesRecord:
        "A worker that stops leaves a record as if its process had died",
        "our own case: four deploys failed a long activity";
    OverIsNotRecorded:
        "The record says of attempts that are over that they are under way",
        "our own rule of the record";
    DeathsNotCounted:
        "Nobody counts of what processes die",
        "our own case: a turn that ended every next process";
    GivenUpCounts:
        "A turn that was given up counts when it comes",
        "our own rule of turns that are away";
    // Commits, and what follows on them.
    EffectBeforeCommit:
        "Activities begin before the turn that wants them is committed",
        "vercel/workflow #1531";
    StaleContinuation:
        "After a failed commit the orchestration in memory goes on from where it was not committed",
        "dapr #9760";
    CacheSurvivesRestart:
        "A worker that comes back goes on with what it had in memory",
        "dapr #9943";
    AmbiguousCommitTakenAsDone:
        "A commit whose answer was lost is taken as done",
        "dbos-transact-py #232";
    AmbiguousCommitTakenAsFailed:
        "A commit whose answer was lost is made again",
        "our own rule of the fence";
    BatchFailsTogether:
        "One bad turn takes the others of its batch with it",
        "Azure/durabletask #605";
    StalledForGood:
        "A stalled instance is not tried again when a worker starts",
        "azure-functions-durable-extension #1898";
    // Messages.
    MessageTakenTwice:
        "A message that is shown twice is taken twice",
        "durabletask-mssql, error 50002";
    InboxDeletedByWatermark:
        "A turn deletes all messages up to the last that it took",
        "restate #4880";
    InboxDeletedByPredicate:
        "A turn deletes all messages of its instance",
        "Azure/durabletask PR #1399";
    NeverPolls:
        "Messages that nobody told the worker of are not looked for",
        "restate 4b353e64b";
    LengthsByTheWallClock:
        "Lengths of time are measured by a clock that can be set",
        "our own case: a worker whose clock was set back read nothing for an hour";
    CommandNotRemembered:
        "A command that is sent again takes effect again",
        "our own rule E4";
    BacklogDropped:
        "An event above the limit is acknowledged and dropped",
        "our own rule of the limit on unread events";
    RestartNotShown:
        "After an acknowledged restart the old end is seen",
        "our own case: a client that took the old result for the new one";
    SuspensionNotShown:
        "After an acknowledged suspension the instance is seen running",
        "our own case: a session in the documentation";
    EventAfterTheEnd:
        "An instance that has ended takes events",
        "azure-functions-durable-extension #573";
    StartedAgain:
        "A start that is sent again starts the instance again",
        "durable-rust 0.11, an id that is used twice";
    ScheduledStartIgnored:
        "An instance that is to start later starts at once",
        "our own rule I4";
    // External events.
    EventsReordered:
        "The last event is read first",
        "durabletask-dotnet, waiters as a stack";
    EventLostWithItsWaiter:
        "A waiter that is dropped takes its event along",
        "our own rule E2";
    EventNamesByCase:
        "`Told` and `told` are two events",
        "our own rule E1";
    EarlyEventLost:
        "An event before the start is dropped",
        "azure-functions-durable-extension #1715";
    ContinueAsNewLosesUnread:
        "What an execution did not read is lost to the next one",
        "Azure/durabletask #509";
    ContinueAsNewLosesInbox:
        "What comes in while an execution continues as new is lost",
        "Azure/durabletask #544";
    // Executions and their ends.
    OldExecutionAnswers:
        "An answer for the execution before counts for the same call of this one",
        "dapr #10097";
    ChildIdsReused:
        "The next execution names its children as the one before did",
        "dapr #10097";
    IdempotencyKeyReused:
        "The next execution gives its activities the keys of the one before",
        "dapr #10097";
    SaltKept:
        "An instance that is started over makes the ids of the one before",
        "our own rule T3";
    ChildrenShareSalt:
        "Sub-orchestrations have the salt of their parent",
        "our own rule T3";
    TerminateNotLastIsDropped:
        "A termination is dropped unless it is the last message of its batch",
        "durabletask-go #123";
    GoesOnAfterItsEnd:
        "Messages that come after the end are still delivered",
        "durabletask-js #301";
    StatusOverwritten:
        "A termination that comes too late changes the status",
        "our own rule M2";
    ParentToldTwice:
        "A parent is told twice how its child ended",
        "our own invariant 2";
    ParentNeverTold:
        "A parent is not told that its child failed",
        "durabletask-js #348";
    ChildrenLiveOn:
        "The children of an instance that has ended go on",
        "Azure/durabletask #784";
    DroppedChildLivesOn:
        "A child that nobody waits for any more goes on",
        "durabletask-dotnet #7";
    WrongVersion:
        "An instance goes on with the newest version of its code",
        "duroxide 0.1.11";
    // Activities.
    LostAttemptForgotten:
        "An attempt whose worker died is not made again",
        "temporal #459";
    LostAttemptsWithoutBound:
        "An activity that kills its worker is tried for ever",
        "Azure/durabletask #842";
    ReplayRepeatsEffects:
        "Loading an instance starts again what it had started",
        "Azure/durabletask #544";
    MaxAttemptsIgnored:
        "A failing activity is tried for ever",
        "azure-functions-durable-extension #338";
    RetriesForGoodFailures:
        "A failure for good is tried again",
        "our own rule A2";
    BackoffZero:
        "The next attempt does not wait",
        "our own rule A2";
    TimeoutIgnored:
        "An attempt may take as long as it likes",
        "our own rule A3";
    CancelledAttemptGoesOn:
        "A cancelled attempt runs on",
        "azure-functions-durable-extension #506";
    RoomNotGivenBack:
        "An attempt that ends does not make room for one that waits",
        "pgqueuer #474";
    // Time.
    TimerEarly:
        "Timers fire some seconds early",
        "durabletask-mssql #98";
    TimersLostAtStart:
        "Timers that were due while no worker ran never fire",
        "elsa-core #2443";
    FirstPageOfTimersOnly:
        "What does not fit into a page of timers is left unread",
        "our own case: 1,100 timers stopped every other";
    OthersTimersUnseen:
        "A timer that another process has set is not looked for",
        "our own rule of the timers in memory";
    StalledTimerLost:
        "What fires while an instance is stalled is lost",
        "our own case: the cure of stalled timers";
    CureForgetsKept:
        "What a stalled instance has kept is not there when it goes on",
        "our own rule of what is kept";
    LimitByTheWallClock:
        "The limit of an attempt is measured by a clock that can be set",
        "our own case: a clock that was set back an hour";
    CancelledTimerFires:
        "A timer that nobody waits for any more fires",
        "restate #4064";
    TimeGoesBack:
        "An orchestration sees a clock that was set back",
        "our own rule T3";
}

#[cfg(feature = "mutants")]
thread_local! {
    static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Activates a bug on this thread, in place of the one before; `None` makes everything right again.
#[cfg(feature = "mutants")]
pub fn plant(mutant: Option<Mutant>) {
    PLANTED.set(mutant);
}

/// The bug that is active on this thread.
#[cfg(feature = "mutants")]
pub fn planted() -> Option<Mutant> {
    PLANTED.get()
}

/// Whether the code is to be wrong in this way.
#[cfg(feature = "mutants")]
pub(crate) fn mutant(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

/// Whether the code is to be wrong in this way: never, without the feature.
#[cfg(not(feature = "mutants"))]
#[inline]
pub(crate) const fn mutant(_: Mutant) -> bool {
    false
}
