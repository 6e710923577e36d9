//! Signed links. Each permits one action on one instance for a limited time.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Sha256;

use super::access::Action;
use crate::clock::Timestamp;
use crate::ids::InstanceId;

/// The secret that links are signed with. `Debug` does not show it.
///
/// All servers of a hub that must accept each other's links need the same secret; other hubs need
/// other secrets. If you set none, a server makes one up when it starts, and its links are valid only
/// until it stops.
#[derive(Clone)]
pub struct LinkSecret([u8; 32]);

impl LinkSecret {
    /// Creates a secret from these bytes, which must be random.
    ///
    /// ```
    /// use durable_runtime::http::LinkSecret;
    ///
    /// # fn from_the_vault() -> [u8; 32] { [7; 32] }
    /// let secret = LinkSecret::new(from_the_vault());
    /// assert_eq!(format!("{secret:?}"), "LinkSecret(..)");
    /// ```
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns a random secret.
    ///
    /// # Errors
    /// An error if the operating system has no random bytes.
    pub fn generate() -> std::io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Returns the code of a link that permits `verb` on `instance` until `until`.
    pub(super) fn sign(&self, verb: Verb, instance: &InstanceId, until: Timestamp) -> String {
        // Whole seconds, rounded down: a link is never good for longer than was said.
        let until = until.as_millis().div_euclid(1_000);
        let Some(mac) = self.mac(verb, instance, until) else {
            return String::new();
        };
        let mac = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{until}.{mac}")
    }

    /// Checks whether `code` was signed for this, and has not expired.
    pub(super) fn check(
        &self,
        code: &str,
        verb: Verb,
        instance: &InstanceId,
        now: Timestamp,
    ) -> LinkCheck {
        let parts = code.split_once('.').and_then(|(until, mac)| {
            let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
            Some((until.parse::<i64>().ok()?, mac))
        });
        let Some((until, signature)) = parts else {
            return LinkCheck::Forged;
        };
        // Before the time is looked at: an answer about the time of a forged code would tell
        // something about it.
        let mac = self.mac(verb, instance, until);
        // Compares in constant time.
        if mac.is_none_or(|mac| mac.verify_slice(&signature).is_err()) {
            return LinkCheck::Forged;
        }
        let until = Timestamp::from_millis(until.saturating_mul(1_000));
        if now >= until {
            return LinkCheck::Expired;
        }
        LinkCheck::Good { until }
    }

    /// The signature of these parts. Line breaks separate them. No part contains a line break, because
    /// ids have no control characters.
    fn mac(&self, verb: Verb, instance: &InstanceId, until: i64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        // Instance ids have no control characters, so the lines cannot be shifted into each other.
        // The first one tells this use of the secret from any other.
        mac.update(format!("durable link 1\n{}\n{instance}\n{until}", verb.name()).as_bytes());
        Some(mac)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// The result of checking a link's code.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkCheck {
    Good {
        /// When it ends.
        until: Timestamp,
    },
    Expired,
    /// The code was signed for something else, with another secret, or not at all.
    Forged,
}

/// The purpose of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Status,
    RaiseEvent,
    Terminate,
    Suspend,
    Resume,
    Rewind,
    Restart,
    Purge,
    Cancel,
}

impl Verb {
    /// The purpose of a link that allows `action`.
    pub(super) fn of(action: Action) -> Option<Self> {
        match action {
            Action::ReadStatus | Action::WatchStatus => Some(Self::Status),
            Action::RaiseEvent => Some(Self::RaiseEvent),
            Action::Terminate => Some(Self::Terminate),
            Action::Suspend => Some(Self::Suspend),
            Action::Resume => Some(Self::Resume),
            Action::Rewind => Some(Self::Rewind),
            Action::Restart => Some(Self::Restart),
            Action::Purge => Some(Self::Purge),
            Action::Cancel => Some(Self::Cancel),
            Action::Start
            | Action::ReadLanes
            | Action::ListInstances
            | Action::PurgeInstances
            | Action::ListEntities
            | Action::ReadEntity
            | Action::SignalEntity
            | Action::WithdrawSignal
            | Action::DeleteEntity
            | Action::ReadDescription => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::RaiseEvent => "raiseEvent",
            Self::Terminate => "terminate",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Rewind => "rewind",
            Self::Restart => "restart",
            Self::Purge => "purge",
            Self::Cancel => "cancel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: &str) -> InstanceId {
        InstanceId::new(id).unwrap()
    }

    #[test]
    fn a_code_is_good_for_one_verb_of_one_instance_until_it_ends() {
        let secret = LinkSecret::new([1; 32]);
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let code = secret.sign(Verb::Status, &id("a"), at(100));
        let check = |secret: &LinkSecret, code: &str, verb, instance, now| {
            secret.check(code, verb, &id(instance), at(now))
        };
        assert_eq!(
            check(&secret, &code, Verb::Status, "a", 99),
            LinkCheck::Good { until: at(100) }
        );
        assert_eq!(
            check(&secret, &code, Verb::Status, "a", 100),
            LinkCheck::Expired
        );
        assert_eq!(
            check(&secret, &code, Verb::Status, "b", 99),
            LinkCheck::Forged
        );
        assert_eq!(
            check(&secret, &code, Verb::Purge, "a", 99),
            LinkCheck::Forged
        );
        let other = LinkSecret::new([2; 32]);
        assert_eq!(
            check(&other, &code, Verb::Status, "a", 99),
            LinkCheck::Forged
        );
        let longer = code.replacen("100", "999", 1);
        assert_eq!(
            check(&secret, &longer, Verb::Status, "a", 99),
            LinkCheck::Forged
        );
        for broken in ["", ".", "100", "100.", "x.y", &code[..code.len() - 1]] {
            assert_eq!(
                check(&secret, broken, Verb::Status, "a", 99),
                LinkCheck::Forged
            );
        }
    }
}
