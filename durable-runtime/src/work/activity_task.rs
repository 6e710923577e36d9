//! A task to make one attempt of an activity.

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::definition::CallOptions;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::payload::Payload;
use crate::payload::optional;
use crate::salt::Salt;
use crate::work::MessageBody;

/// One attempt of an activity, to be made once the turn that scheduled it is committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivityTask {
    /// The calling instance.
    pub key: InstanceKey,
    /// Its id.
    pub instance: InstanceId,
    /// Its secret.
    pub salt: Salt,
    /// Its execution.
    pub execution: Execution,
    /// The call.
    pub path: CallPath,
    /// The activity's name.
    pub name: String,
    /// The recorded arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// The options of the call.
    pub options: Box<CallOptions>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When the call was scheduled.
    pub scheduled_at: Timestamp,
    /// The last progress that a previous attempt reported.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub heartbeat: Option<Payload>,
}

impl ActivityTask {
    /// Returns the message that the attempt is lost, because its worker died or was `stopped`.
    pub fn lost(&self, heartbeat: Option<Payload>, stopped: bool) -> MessageBody {
        MessageBody::ActivityAttemptLost {
            execution: self.execution,
            path: self.path.clone(),
            attempt: self.attempt,
            stopped,
            heartbeat,
        }
    }
}
