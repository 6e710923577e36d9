//! Workers and the units they own.

use std::collections::BTreeSet;

use super::tables::Tables;
use super::tables::Worker;
use crate::clock::Timestamp;
use crate::ids::Lane;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::store::NewWorker;
use crate::store::StoreError;
use crate::store::WorkerLease;
use crate::store::creation::LaneNumber;
use crate::store::fair_share::Claims;

impl Tables {
    pub(super) fn worker_start(
        &mut self,
        new: NewWorker,
        exclusive: bool,
        now: Timestamp,
    ) -> WorkerLease {
        // Whoever holds the lock of the hub is alone: nobody else may write any more.
        if exclusive {
            let others: Vec<_> = self.workers.keys().copied().collect();
            for worker in others {
                self.fence(worker);
            }
        }
        let lease = WorkerLease {
            worker: WorkerId(self.number()),
            epoch: 1,
            commit_id: 0,
            length: new.lease,
        };
        let worker = Worker {
            name: new.name,
            epoch: lease.epoch,
            commit_id: lease.commit_id,
            fenced: false,
            lease_until: now + new.lease,
            lanes: BTreeSet::new(),
        };
        self.workers.insert(lease.worker, worker);
        lease
    }

    pub(super) fn worker_stop(&mut self, lease: &WorkerLease) {
        if self.holder(lease).is_ok() {
            if !mutant(Mutant::UnitsNotReleased) {
                self.free_units(lease.worker);
            }
            self.workers.remove(&lease.worker);
        }
    }

    /// The worker, if the lease is still its own.
    pub(super) fn holder(&mut self, lease: &WorkerLease) -> Result<&mut Worker, StoreError> {
        match self.workers.get_mut(&lease.worker) {
            Some(worker) if worker.epoch == lease.epoch || mutant(Mutant::NoFenceCheck) => {
                Ok(worker)
            }
            // Also for a worker that is not there any more: it has stopped.
            _ => Err(StoreError::Fenced),
        }
    }

    fn fence(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.epoch += u64::from(!mutant(Mutant::FencedWithoutEpoch));
            worker.fenced = true;
        }
        // After the epoch, in the same step.
        self.free_units(id);
    }

    fn free_units(&mut self, of: WorkerId) {
        let owners = self.units.values_mut();
        owners
            .filter(|by| **by == Some(of))
            .for_each(|by| *by = None);
    }

    pub(super) fn units_claim(
        &mut self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError> {
        self.holder(lease)?;
        let numbers: BTreeSet<_> = lanes.iter().map(|lane| self.lane(lane)).collect();
        self.holder(lease)?.lanes = numbers;
        // Before the plan, so that the units of the dead are among those that are free.
        self.fence_dead(lease.worker, now);
        let plan = self.claims().plan(lease.worker);
        self.units
            .extend(plan.give_back.iter().map(|unit| (*unit, None)));
        self.units
            .extend(plan.take.iter().map(|unit| (*unit, Some(lease.worker))));
        let owned = self
            .units
            .iter()
            .filter(|(_, by)| **by == Some(lease.worker));
        Ok(owned.map(|(unit, _)| *unit).collect())
    }

    pub(super) fn lanes_registered(&self) -> Vec<Lane> {
        let there = self.workers.values().filter(|worker| !worker.fenced);
        let numbers: BTreeSet<_> = there.flat_map(|worker| &worker.lanes).collect();
        let wanted = |number: &LaneNumber| numbers.is_empty() || numbers.contains(number);
        let lanes = self.lanes.iter().filter(|(_, number)| wanted(number));
        lanes.map(|(lane, _)| lane.clone()).collect()
    }

    fn fence_dead(&mut self, me: WorkerId, now: Timestamp) {
        let dead = |(id, worker): &(&WorkerId, &Worker)| **id != me && worker.is_dead(now);
        let dead: Vec<_> = self
            .workers
            .iter()
            .filter(dead)
            .map(|(id, _)| *id)
            .collect();
        for worker in dead {
            self.fence(worker);
        }
    }

    fn claims(&self) -> Claims {
        let live = self.workers.iter().filter(|(_, worker)| !worker.fenced);
        Claims {
            live: live
                .map(|(id, worker)| (*id, worker.lanes.clone()))
                .collect(),
            owners: self.units.clone(),
        }
    }
}

impl Worker {
    fn is_dead(&self, now: Timestamp) -> bool {
        !self.fenced && (self.lease_until <= now || mutant(Mutant::LeaseNotChecked))
    }
}
