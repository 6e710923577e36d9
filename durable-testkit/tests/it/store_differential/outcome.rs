//! Results as text, without the numbers that a store gave.

use std::collections::BTreeMap;

use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Unit;
use durable_runtime::store::StoreError;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;

/// The names of a store's numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) instances: BTreeMap<InstanceKey, String>,
    /// The first unit of the hub.
    pub(super) base: i32,
}

impl Names {
    pub(super) fn key(&self, key: InstanceKey) -> &str {
        self.instances.get(&key).map_or("unknown", String::as_str)
    }

    pub(super) fn unit(&self, unit: Unit) -> i32 {
        unit.0 - self.base
    }

    pub(super) fn row(&self, row: &InstanceRow) -> String {
        let mut named = row.clone();
        (named.key, named.unit) = (InstanceKey(0), Unit(self.unit(row.unit)));
        if let Some(parent) = &mut named.parent {
            parent.key = InstanceKey(0);
        }
        format!("{named:?}")
    }
}

/// A message without its id.
pub(super) fn message(message: &Message) -> String {
    let mut body = message.body.clone();
    match &mut body {
        MessageBody::Terminate {
            by_parent: Some(parent),
            ..
        } => parent.key = InstanceKey(0),
        MessageBody::Replace(new) => {
            if let Some(parent) = &mut new.parent {
                parent.key = InstanceKey(0);
            }
        }
        MessageBody::EntityLock(request) => request.holder.key = InstanceKey(0),
        MessageBody::EntityUnlock(holder) => holder.key = InstanceKey(0),
        _ => {}
    }
    format!("{} {body:?}", message.at)
}

/// An error by its variant: what a database says differs.
pub(super) fn error(error: &StoreError) -> String {
    match error {
        StoreError::UnreadableHistory { source, .. } => format!("unreadable: {source}"),
        other => other.to_string(),
    }
}
