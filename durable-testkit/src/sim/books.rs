//! What the accounts have to show: every posting once, in one order, and none of anybody else in a
//! critical section.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use durable_runtime::InstanceId;
use durable_runtime::commands::EntityFilter;
use durable_runtime::commands::EntityListing;
use durable_runtime::ids::InstanceKey;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::EntityUpdate;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::Output;

use crate::simulation::Simulation;
use crate::workload::AUDIT;
use crate::workload::Account;
use crate::workload::FIRST_BALANCE;
use crate::workload::Moved;
use crate::workload::Posted;
use crate::workload::Posting;
use crate::workload::Trouble;

/// The accounts as they were committed last.
#[derive(Debug, Default)]
pub(crate) struct Books(BTreeMap<InstanceKey, Vec<u64>>);

impl Books {
    /// Takes in what a turn of an account committed. Returns what is wrong with it.
    pub(crate) fn update(&mut self, key: InstanceKey, update: &EntityUpdate) -> Option<String> {
        let state = update.state.as_ref()?;
        let account: Account = match state.decode() {
            Ok(account) => account,
            Err(error) => return Some(format!("5: the state of entity {key}: {error}")),
        };
        let now = account.postings.iter().map(|posting| posting.id).collect();
        let before = self.0.insert(key, now).unwrap_or_default();
        let after = &self.0[&key];
        (!after.starts_with(&before)).then(|| {
            format!("5: entity {key} had postings {before:?} and has {after:?}: not in one order")
        })
    }
}

async fn all(store: &ModelStore) -> Vec<EntityListing> {
    let filter = EntityFilter {
        with_state: true,
        ..EntityFilter::default()
    };
    match store.entities_list(&filter, None, u32::MAX).await {
        Ok(page) => page.entities,
        Err(_) => Vec::new(),
    }
}

/// The entities that are locked, or that messages wait for.
pub(crate) async fn busy(store: &ModelStore) -> Vec<String> {
    let at_rest = |listing: &EntityListing| {
        let row = &listing.row;
        row.lock.is_none() && row.withdrawn.is_empty() && listing.backlog == 0
    };
    let entities = all(store).await.into_iter();
    entities
        .filter(|listing| !at_rest(listing))
        .map(|listing| {
            let (row, backlog) = (listing.row, listing.backlog);
            let holder = row.lock.map(|holder| holder.instance);
            format!(
                "`{:?}` locked by {holder:?}, {backlog} messages wait",
                row.id
            )
        })
        .collect()
}

/// Checks all accounts at rest. Returns what is wrong.
pub(crate) async fn check(
    simulation: &Simulation,
    rows: &BTreeMap<InstanceId, InstanceRow>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut accounts = BTreeMap::new();
    for listing in all(&simulation.store).await {
        let key = listing.row.id.key().to_owned();
        match listing.row.state.map(|state| state.decode::<Account>()) {
            Some(Ok(account)) => drop(accounts.insert(key, account)),
            Some(Err(error)) => wrong.push(format!("5: the state of account {key}: {error}")),
            None => {}
        }
    }
    for (key, account) in &accounts {
        let found = [
            adds_up(account),
            each_once(account),
            sections_alone(account),
        ];
        let found = found.into_iter().filter_map(Result::err);
        wrong.extend(found.map(|what| format!("5: account {key}: {what}")));
    }
    wrong.extend(audited(&accounts));
    let fates = known_fates(simulation, rows);
    wrong.extend(fates.iter().filter_map(|fate| fate_holds(&accounts, fate)));
    if !simulation.interrupts_transfers() {
        wrong.extend(conserved(&accounts));
    }
    wrong
}

fn adds_up(account: &Account) -> Result<(), String> {
    let sum: i64 = account.postings.iter().map(|posting| posting.amount).sum();
    if account.balance == FIRST_BALANCE + sum {
        return Ok(());
    }
    Err(format!(
        "{} does not come from its postings",
        account.balance
    ))
}

fn each_once(account: &Account) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match account
        .postings
        .iter()
        .find(|posting| !seen.insert(posting.id))
    {
        Some(posting) => Err(format!("posting {} twice", posting.id)),
        None => Ok(()),
    }
}

/// Nobody else comes in between two postings of a section.
fn sections_alone(account: &Account) -> Result<(), String> {
    let mut over = BTreeSet::new();
    let mut now = None;
    for posting in &account.postings {
        if now != posting.section {
            over.extend(now);
            now = posting.section;
        }
        if now.is_some_and(|section| over.contains(&section)) {
            return Err(format!("posting {} in another's section", posting.id));
        }
    }
    Ok(())
}

/// What was forwarded is in the audit account, and nothing else is.
fn audited(accounts: &BTreeMap<String, Account>) -> Option<String> {
    let others = accounts.iter().filter(|(key, _)| *key != AUDIT);
    let postings = others.flat_map(|(_, account)| &account.postings);
    let forwarded = postings.filter(|posting| posting.forwarded);
    let forwarded: BTreeSet<_> = forwarded.map(|posting| posting.id).collect();
    let audit = accounts.get(AUDIT).map(|account| &account.postings);
    let audit: BTreeSet<_> = audit
        .into_iter()
        .flatten()
        .map(|posting| posting.id)
        .collect();
    let differs = forwarded.symmetric_difference(&audit).next()?;
    Some(format!(
        "5: posting {differs} was forwarded or audited, and not both"
    ))
}

/// The postings that somebody was told the fate of.
fn known_fates(simulation: &Simulation, rows: &BTreeMap<InstanceId, InstanceRow>) -> Vec<Posted> {
    let mut fates: Vec<Posted> = Vec::new();
    for row in rows.values() {
        let Some(Output::Completed(value)) = &row.output else {
            continue;
        };
        match row.name.as_str() {
            "counting" => fates.extend(value.decode::<Vec<Posted>>().unwrap_or_default()),
            "transfer" => {
                if let Ok(Moved::Done { posted, .. }) = value.decode() {
                    fates.extend(posted);
                }
            }
            _ => {}
        }
    }
    fates.extend(simulation.postings.iter().map(|planned| Posted {
        key: planned.account.clone(),
        id: planned.posting.id,
        stands: planned.posting.trouble == Trouble::None,
    }));
    fates
}

fn fate_holds(accounts: &BTreeMap<String, Account>, fate: &Posted) -> Option<String> {
    let of = |posting: &&Posting| posting.id == fate.id;
    let postings = accounts.get(&fate.key).map(|account| &account.postings);
    let found = postings.into_iter().flatten().filter(of).count();
    let Posted { key, id, stands } = fate;
    (found != usize::from(*stands))
        .then(|| format!("1: posting {id} is {found} times in account {key}, stands: {stands}"))
}

/// What was moved under locks is still there.
fn conserved(accounts: &BTreeMap<String, Account>) -> Option<String> {
    let postings = accounts.values().flat_map(|account| &account.postings);
    let moved = postings.filter(|posting| posting.section.is_some());
    let sum: i64 = moved.map(|posting| posting.amount).sum();
    (sum != 0).then(|| format!("5: transfers have changed the sum of all accounts by {sum}"))
}
