//! Which units a worker claims and gives up.
//!
//! The partitions of each lane are spread evenly over the live workers that registered for it. If
//! they cannot be divided evenly, the lane's number decides which workers get one more, so that
//! many lanes together are spread evenly too.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::creation::LaneNumber;
use super::creation::lane_of;
use crate::ids::PARTITIONS;
use crate::ids::Unit;
use crate::ids::WorkerId;

/// Who is there, and who owns what.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// The live workers with the lanes they registered for.
    pub(super) live: BTreeMap<WorkerId, BTreeSet<LaneNumber>>,
    /// The owner of each unit, if it has one.
    pub(super) owners: BTreeMap<Unit, Option<WorkerId>>,
}

/// What a worker does to own its fair share.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Units to take, ascending.
    pub(super) take: Vec<Unit>,
    /// Units to give back.
    pub(super) give_back: Vec<Unit>,
}

impl Claims {
    /// What `me` does.
    pub(super) fn plan(&self, me: WorkerId) -> Plan {
        let mut plan = Plan::default();
        let lanes: BTreeSet<_> = self.owners.keys().map(|unit| lane_of(*unit)).collect();
        for lane in lanes {
            let share = self.share(me, lane);
            let mine = self.units(lane, Some(me));
            // Free ones only, and never those of another live worker (rule 1 of ownership, in
            // `dispatcher/step.rs`).
            let free = self.units(lane, None);
            plan.give_back.extend(mine.iter().skip(share));
            plan.take
                .extend(free.iter().take(share.saturating_sub(mine.len())));
        }
        plan
    }

    fn units(&self, lane: LaneNumber, owner: Option<WorkerId>) -> Vec<Unit> {
        let of_lane = |unit: &Unit| lane_of(*unit) == lane;
        let found = self.owners.iter().filter(|(_, by)| **by == owner);
        found.map(|(unit, _)| *unit).filter(of_lane).collect()
    }

    fn share(&self, me: WorkerId, lane: LaneNumber) -> usize {
        let registered = self.live.iter().filter(|(_, lanes)| lanes.contains(&lane));
        let workers: Vec<_> = registered.map(|(worker, _)| *worker).collect();
        // A worker that has not registered for a lane has no code for it.
        let Some(place) = workers.iter().position(|worker| *worker == me) else {
            return 0;
        };
        let (partitions, count) = (usize::from(PARTITIONS), workers.len());
        let turn = (place + usize::try_from(lane).unwrap_or(0)) % count;
        partitions / count + usize::from(turn < partitions % count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(workers: i64, lanes: i32) -> Claims {
        let all: BTreeSet<_> = (1..=lanes).collect();
        let units = all
            .iter()
            .flat_map(|lane| super::super::creation::units_of(*lane));
        Claims {
            live: (1..=workers)
                .map(|id| (WorkerId(id), all.clone()))
                .collect(),
            owners: units.map(|unit| (unit, None)).collect(),
        }
    }

    #[test]
    fn shares_add_up_to_all_units_and_differ_by_one_at_most() {
        for workers in 1..=11 {
            let claims = claims(workers, 3);
            for lane in 1..=3 {
                let share = |id| claims.share(WorkerId(id), lane);
                let shares: Vec<_> = (1..=workers).map(share).collect();
                assert_eq!(shares.iter().sum::<usize>(), usize::from(PARTITIONS));
                assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
            }
        }
    }

    #[test]
    fn a_worker_that_owns_too_much_gives_back_and_the_other_takes_it() {
        let mut claims = claims(2, 1);
        for owner in claims.owners.values_mut() {
            *owner = Some(WorkerId(1));
        }
        let given = claims.plan(WorkerId(1)).give_back;
        assert_eq!(given.len(), 4);
        for unit in &given {
            claims.owners.insert(*unit, None);
        }
        assert_eq!(claims.plan(WorkerId(2)).take, given);
    }

    #[test]
    fn a_worker_gives_back_the_units_of_a_lane_it_no_longer_registers_for() {
        let mut claims = claims(1, 1);
        claims
            .owners
            .values_mut()
            .for_each(|owner| *owner = Some(WorkerId(1)));
        claims.live.insert(WorkerId(1), BTreeSet::new());
        assert_eq!(claims.plan(WorkerId(1)).give_back.len(), 8);
    }
}
