//! The secret of an instance, which keeps its ids and keys from repeating.
//!
//! An id can be used again: after a purge, by a replacement, or in another hub. Therefore
//! everything that must never repeat ([`new_uuid`], [`random`], [`idempotency_key`], the ids of
//! children) is a hash that begins with the instance's salt. `durable` draws the salt when it makes
//! the instance, and records it with the instance and in the first event of its history. The salt
//! stays the same for the life of the instance.
//!
//! Two operations that are not built yet continue from the middle of a history. A rewind keeps the
//! salt, so that the part that stays can be replayed; after that it uses a salt that is made from
//! the old one and the number of the generation. A fork lives beside its original: it replays with
//! the same salt, takes a fresh one for what comes after, and records it where it begins.
//!
//! Hashes of a salt leave the hub, so a hash must not lead back to the salt: it is half of a
//! SHA-256.
//!
//! [`new_uuid`]: crate::orchestration::OrchestrationContext::new_uuid
//! [`random`]: crate::orchestration::OrchestrationContext::random
//! [`idempotency_key`]: crate::activity::ActivityContext::idempotency_key

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

/// The secret of an instance: 128 random bits, written as 32 hexadecimal digits. `Debug` does not
/// show it.
///
/// Whoever knows it can compute the ids and keys that the instance makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Salt(u128);

impl Salt {
    /// Returns the salt with these bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// The salt of something that this one's instance makes, the same whenever it is asked for.
    #[must_use]
    pub(crate) fn of(self, what: fmt::Arguments<'_>) -> Self {
        Self(self.hash(Use::Salt, what))
    }

    /// A hash of `what` that nobody can compute without the salt. Part of the stored format.
    pub(crate) fn hash(self, purpose: Use, what: fmt::Arguments<'_>) -> u128 {
        // The purpose is part of what is hashed, with a separator that no purpose has, so that a
        // hash for one is never a hash for another.
        let text = format!("{}\u{1f}{what}", purpose.name());
        let digest = Sha256::new()
            .chain_update(self.0.to_be_bytes())
            .chain_update(text.as_bytes())
            .finalize();
        digest
            .iter()
            // Half of it: a whole one could be extended without the salt, and 128 bits do not
            // repeat.
            .take(16)
            .fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
    }
}

/// What a hash is for. Those for one purpose tell nothing of those for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The salt of something that is made.
    Salt,
    /// The id of a sub-orchestration.
    ChildId,
    /// The command by which a call starts a sub-orchestration.
    ChildCommand,
    /// The idempotency key of a call of an activity.
    IdempotencyKey,
    /// A random number.
    Random,
}

impl Use {
    fn name(self) -> &'static str {
        match self {
            Self::Salt => "salt",
            Self::ChildId => "child id",
            Self::ChildCommand => "child command",
            Self::IdempotencyKey => "idempotency key",
            Self::Random => "random",
        }
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        format!("{:032x}", salt.0)
    }
}

impl FromStr for Salt {
    type Err = InvalidSalt;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `from_str_radix` takes a sign as well.
        let is_salt = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let bits = u128::from_str_radix(text, 16).ok().filter(|_| is_salt);
        bits.map(Self).ok_or(InvalidSalt)
    }
}

impl TryFrom<String> for Salt {
    type Error = InvalidSalt;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A stored text that is not a salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a salt has 32 hexadecimal digits")]
pub struct InvalidSalt;

/// Where new salts come from, so that the testkit can make them reproducible.
pub trait SaltSource: fmt::Debug + Send + Sync + 'static {
    /// Returns a salt that has never been used.
    ///
    /// # Errors
    /// An error if the system has no randomness.
    fn fresh(&self) -> io::Result<Salt>;
}

/// The randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSalts;

impl SaltSource for SystemSalts {
    fn fresh(&self) -> io::Result<Salt> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Salt(u128::from_be_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::Salt;
    use super::SaltSource;
    use super::SystemSalts;
    use super::Use;

    #[test]
    fn a_hash_is_fixed_for_all_time_and_differs_by_salt_purpose_and_text() {
        let salt = Salt::from_bits(1);
        let key = salt.hash(Use::IdempotencyKey, format_args!("a"));
        assert_eq!(key, 0x380a_7c63_4a31_7f83_79f5_bc3b_86ac_dcff);
        let others = [
            Salt::from_bits(2).hash(Use::IdempotencyKey, format_args!("a")),
            salt.hash(Use::ChildId, format_args!("a")),
            salt.hash(Use::IdempotencyKey, format_args!("b")),
        ];
        assert!(!others.contains(&key));
    }

    #[test]
    fn a_salt_is_read_as_it_is_written_and_nothing_else_is_one() {
        let salt = SystemSalts.fresh().unwrap();
        assert_eq!(String::from(salt).parse(), Ok(salt));
        for text in ["", "1", "+0000000000000000000000000000001", &"g".repeat(32)] {
            assert!(text.parse::<Salt>().is_err(), "{text}");
        }
    }

    #[test]
    fn logs_do_not_show_a_salt() {
        assert_eq!(format!("{:?}", Salt::from_bits(7)), "Salt(..)");
    }
}
