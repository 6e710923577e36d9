//! Bearer keys.

use std::fmt;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::access::Scope;

/// The fewest characters of a key: somebody could guess a shorter one.
const SHORTEST: usize = 32;

/// A bearer key and its scopes. Only its SHA-256 is kept, and `Debug` does not show that.
///
/// A plain hash is enough because keys are random: nobody can try all texts of 32 random
/// characters, so a slow hash with salt would protect nothing. For passwords a plain hash would be
/// wrong; therefore a key must not be short.
///
/// ```
/// use durable_runtime::http::{Key, Scope};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Once; give it to the caller:
/// let text = Key::generate()?;
/// // In the server, from the text or from its hash:
/// let key = Key::new(&text, [Scope::Read, Scope::Start])?;
/// let same = Key::hashed(&Key::hash(&text), [Scope::Read, Scope::Start])?;
/// # let _ = (key, same);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Key {
    digest: [u8; 32],
    scopes: Vec<Scope>,
}

impl Key {
    /// Creates a key from its text.
    ///
    /// # Errors
    /// [`InvalidKey::TooShort`].
    pub fn new(text: &str, scopes: impl IntoIterator<Item = Scope>) -> Result<Self, InvalidKey> {
        let characters = text.chars().count();
        // What is short can be guessed; the digest below is quick, and would not slow that down.
        if characters < SHORTEST {
            return Err(InvalidKey::TooShort { characters });
        }
        Ok(Self {
            digest: digest(text),
            scopes: scopes.into_iter().collect(),
        })
    }

    /// Creates a key from the [`hash`](Self::hash) of its text, so that the text need not be in the
    /// server's configuration.
    ///
    /// # Errors
    /// [`InvalidKey::NoHash`].
    pub fn hashed(hash: &str, scopes: impl IntoIterator<Item = Scope>) -> Result<Self, InvalidKey> {
        Ok(Self {
            digest: from_hex(hash).ok_or(InvalidKey::NoHash)?,
            scopes: scopes.into_iter().collect(),
        })
    }

    /// Returns the SHA-256 of a key's text, as 64 hexadecimal digits.
    pub fn hash(text: &str) -> String {
        digest(text).iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string does not fail.
            let _written = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Returns the text of a new key: 256 random bits.
    ///
    /// # Errors
    /// An error if the operating system has no random bytes.
    pub fn generate() -> std::io::Result<String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(format!("dk_{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// Returns the key with this text. It looks at all keys, so the time does not tell which one matched.
pub(super) fn find<'a>(keys: &'a [Key], text: &str) -> Option<&'a Key> {
    let given = digest(text);
    let mut found = None;
    // All of them, whatever was found: how long it takes must not tell which key came near.
    for key in keys {
        // In constant time, and of digests: neither the text nor its length shows.
        if bool::from(key.digest.ct_eq(&given)) {
            found = Some(key);
        }
    }
    found
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn from_hex(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Why a text or hash cannot be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// It is so short that somebody could guess it.
    #[error(
        "the key has {characters} characters and needs at least {SHORTEST} random ones: `Key::generate` makes one"
    )]
    TooShort {
        /// The number of its characters.
        characters: usize,
    },
    /// It is not the output of [`Key::hash`].
    #[error("the hash of a key has 64 hexadecimal digits: `Key::hash` makes one")]
    NoHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_text_and_shows_nothing_of_it() {
        let [one, other] = [Key::generate().unwrap(), Key::generate().unwrap()];
        let hashed = Key::hashed(&Key::hash(&other), [Scope::Read]).unwrap();
        let keys = [Key::new(&one, [Scope::Start]).unwrap(), hashed];
        assert!(find(&keys, &one).unwrap().allows(Scope::Start));
        assert!(find(&keys, &other).unwrap().allows(Scope::Read));
        assert!(!find(&keys, &other).unwrap().allows(Scope::Start));
        assert!(find(&keys, &Key::hash(&other)).is_none());
        assert!(find(&keys, "").is_none());
        assert_eq!(format!("{:?}", keys[0]), "Key { scopes: [Start], .. }");
    }

    #[test]
    fn what_could_be_guessed_is_no_key() {
        let short = Key::new("hunter2", Scope::ALL);
        assert_eq!(short.unwrap_err(), InvalidKey::TooShort { characters: 7 });
        for hash in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Key::hashed(hash, []).unwrap_err(), InvalidKey::NoHash);
        }
    }

    #[test]
    fn the_hash_of_a_key_is_its_sha256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Key::hash("abc"), expected);
    }
}
