//! Entities: counting on some of them, and moving money between two under a lock.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::Expected;
use super::Planned;
use super::account::Account;
use super::account::PostError;
use super::account::Posting;
use super::account::Trouble;
use super::json;
use crate::draw::Draw;
use crate::plan::Faults;

/// A posting without a lock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Count {
    key: String,
    amount: i64,
    trouble: Trouble,
    forwarded: bool,
    /// Whether nobody waits for the answer.
    signalled: bool,
    pause_millis: u64,
}

/// A posting that an orchestrator knows the fate of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Posted {
    pub(crate) key: String,
    pub(crate) id: u64,
    /// Whether it is in the account, now or soon.
    pub(crate) stands: bool,
}

#[orchestrator]
pub(crate) async fn counting(
    ctx: &OrchestrationContext,
    counts: Vec<Count>,
) -> Result<Vec<Posted>, PostError> {
    let mut posted = Vec::new();
    for count in counts {
        ctx.sleep(std::time::Duration::from_millis(count.pause_millis))
            .await;
        let id = ctx.new_uuid().as_u64_pair().0;
        let posting = Posting {
            id,
            amount: count.amount,
            section: None,
            forwarded: count.forwarded,
            trouble: count.trouble,
        };
        let stands = if count.signalled {
            Account::at(&count.key).signal_post(posting).await?;
            count.trouble == Trouble::None
        } else {
            match Account::at(&count.key).post(posting).await {
                Ok(_) => true,
                Err(
                    PostError::Planned(_) | PostError::Infrastructure(Failure::Panicked { .. }),
                ) => false,
                Err(other) => return Err(other),
            }
        };
        let key = count.key;
        posted.push(Posted { key, id, stands });
    }
    Ok(posted)
}

fn counted(draw: &mut Draw) -> Count {
    Count {
        key: format!("counter-{}", draw.below(2)),
        amount: i64::try_from(draw.between(1, 9)).unwrap_or(1),
        trouble: match draw.below(10) {
            0 => Trouble::Fails,
            1 => Trouble::Panics,
            _ => Trouble::None,
        },
        forwarded: draw.chance(30),
        signalled: draw.chance(40),
        pause_millis: if draw.chance(30) {
            draw.below(4_000)
        } else {
            0
        },
    }
}

pub(crate) fn planned_counting(draw: &mut Draw, _faults: &Faults) -> Planned {
    let counts: Vec<_> = (0..draw.between(1, 5)).map(|_| counted(draw)).collect();
    let stand = counts.iter().map(|count| count.trouble == Trouble::None);
    let stand = stand.collect();
    Planned::new("counting", json(&counts)).expects(Expected::Posts(stand))
}

/// Moves an amount from one account to another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    from: String,
    to: String,
    amount: i64,
    pause_millis: u64,
    /// How long it waits for the lock.
    limit_millis: Option<u64>,
    ending: Ending,
}

/// How the holder of a lock comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Ending {
    Returns,
    GivesBackAndWaits,
    Fails,
    Panics,
    /// And moves the amount once more.
    ContinuesAsNew,
}

/// What came of a transfer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Moved {
    /// It did not get the lock in time.
    Not,
    Done {
        /// Whether nobody else changed the accounts meanwhile.
        undisturbed: bool,
        posted: Vec<Posted>,
    },
}

#[orchestrator]
pub(crate) async fn transfer(
    ctx: &OrchestrationContext,
    plan: Transfer,
) -> Result<Moved, PostError> {
    let limit = plan.limit_millis.unwrap_or(1 << 40);
    let (mut from, mut to) = select! {
        locked = lock!(Account::at(&plan.from), Account::at(&plan.to)) => locked?,
        () = ctx.sleep(std::time::Duration::from_millis(limit)) => return Ok(Moved::Not),
    };
    let section = ctx.new_uuid().as_u64_pair().0;
    let (withdrawal, deposit) = (section.wrapping_add(1), section.wrapping_add(2));
    let posting = |id, amount| Posting {
        id,
        amount,
        section: Some(section),
        forwarded: false,
        trouble: Trouble::None,
    };
    let before = from.balance().await? + to.balance().await?;
    from.post(posting(withdrawal, -plan.amount)).await?;
    if plan.pause_millis > 0 {
        ctx.sleep(std::time::Duration::from_millis(plan.pause_millis))
            .await;
    }
    to.post(posting(deposit, plan.amount)).await?;
    let after = from.balance().await? + to.balance().await?;
    match plan.ending {
        Ending::Returns => {}
        Ending::GivesBackAndWaits => {
            drop((from, to));
            ctx.sleep(seconds(20)).await;
        }
        Ending::Fails => return Err(PostError::Planned(section)),
        Ending::Panics => panic!("planned: the holder of a lock"),
        Ending::ContinuesAsNew => {
            let ending = Ending::Returns;
            return ctx.continue_as_new(Transfer { ending, ..plan }).await;
        }
    }
    let posted = |key, id| Posted {
        key,
        id,
        stands: true,
    };
    Ok(Moved::Done {
        undisturbed: before == after,
        posted: vec![posted(plan.from, withdrawal), posted(plan.to, deposit)],
    })
}

pub(crate) fn planned_transfer(draw: &mut Draw, _faults: &Faults) -> Planned {
    let account = |draw: &mut Draw| format!("account-{}", draw.below(3));
    let plan = Transfer {
        from: account(draw),
        to: account(draw),
        amount: i64::try_from(draw.between(1, 50)).unwrap_or(1),
        pause_millis: if draw.chance(50) {
            draw.below(4_000)
        } else {
            0
        },
        limit_millis: draw.chance(30).then(|| draw.between(1, 8_000)),
        ending: match draw.below(10) {
            0 => Ending::Fails,
            1 => Ending::Panics,
            2 => Ending::ContinuesAsNew,
            3 | 4 => Ending::GivesBackAndWaits,
            _ => Ending::Returns,
        },
    };
    let may_fail = matches!(plan.ending, Ending::Fails | Ending::Panics);
    Planned::new("transfer", json(&plan)).expects(Expected::Moves { may_fail })
}
