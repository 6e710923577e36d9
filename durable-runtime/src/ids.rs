//! The names and numbers of instances, executions, calls and lanes.
//!
//! Everything here is plain data. The hash that spreads instances over partitions is part of the
//! stored format and never changes.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::salt::Salt;
use crate::salt::Use;

/// The number of partitions of a lane. It is fixed when a hub is created and stored with the hub.
pub const PARTITIONS: u16 = 8;

/// The longest instance id, in characters.
pub const MAX_INSTANCE_ID: usize = 100;

/// The id of an instance, as users choose and see it.
///
/// It has 1 to 100 characters, no control characters, none of `/ \ # ?`, does not start with `@`, and
/// is neither `.` nor `..`: in a URL those name a folder, so a client would ask for another path. Ids
/// are compared byte by byte.
///
/// ```
/// use durable_runtime::InstanceId;
///
/// assert!(InstanceId::new("order-1001").is_ok());
/// assert!(InstanceId::new("order/1001").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceId(Arc<str>);

impl InstanceId {
    /// Checks `id` and returns it as an instance id.
    ///
    /// # Errors
    /// [`InvalidInstanceId`], which names what is wrong.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidInstanceId> {
        let id = id.as_ref();
        match problem_of(id) {
            None => Ok(Self(Arc::from(id))),
            Some(problem) => Err(InvalidInstanceId {
                id: id.to_owned(),
                problem,
            }),
        }
    }

    /// Text that may be no id, for what is refused before anything is asked of it.
    pub(crate) fn unchecked(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// Returns a fresh id that sorts by time of creation (`UUIDv7`).
    pub fn generate() -> Self {
        // By time, so that new rows come last in the index of the ids.
        Self(Arc::from(uuid::Uuid::now_v7().to_string()))
    }

    /// Returns the id of a sub-orchestration that got no id of its own: 26 characters, a hash of
    /// the parent's salt, id and execution and the path of the call. The salt matters if the parent
    /// is started again under its id: its children then do not collide with older ones that are
    /// still alive.
    pub fn of_child(
        salt: Salt,
        parent: &InstanceId,
        execution: Execution,
        path: &CallPath,
    ) -> Self {
        let call = format_args!("{parent}\u{1f}{execution}\u{1f}{path}");
        Self(Arc::from(base32(salt.hash(Use::ChildId, call))))
    }

    /// Returns the id of an orchestration that an entity starts: 26 characters, a hash of the
    /// entity, the message whose operation starts it, and the place among the starts of that
    /// message.
    pub fn of_start(entity: &EntityId, message: MessageId, number: usize) -> Self {
        let (name, key) = (entity.name(), entity.key());
        // The number of a message is never given twice in a hub.
        let text = format!("{name}\u{1f}{key}\u{1f}{message}\u{1f}{number}");
        Self(Arc::from(base32(hash128(&text))))
    }

    /// Returns the text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the partition of this instance.
    pub fn partition(&self) -> u16 {
        partition_of(&self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for InstanceId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for InstanceId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceId {
    type Err = InvalidInstanceId;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        Self::new(id)
    }
}

impl TryFrom<String> for InstanceId {
    type Error = InvalidInstanceId;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id)
    }
}

impl From<InstanceId> for String {
    fn from(id: InstanceId) -> Self {
        (*id.0).to_owned()
    }
}

/// An instance id that breaks the rules of [`InstanceId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error(
    "invalid instance id {id:?}: {problem}; use 1 to 100 characters, no control characters, none of `/ \\ # ?`, not starting with `@`, and neither `.` nor `..`"
)]
pub struct InvalidInstanceId {
    id: String,
    problem: IdProblem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
enum IdProblem {
    #[error("it is empty")]
    Empty,
    #[error("it has {0} characters")]
    TooLong(usize),
    #[error("it starts with `@`")]
    LeadingAt,
    #[error("it contains {0:?}")]
    Character(char),
    #[error("a URL with it leads to another path")]
    Folder,
}

fn problem_of(id: &str) -> Option<IdProblem> {
    // Characters and not bytes, as people count them.
    let length = id.chars().count();
    if length == 0 {
        return Some(IdProblem::Empty);
    }
    if length > MAX_INSTANCE_ID {
        return Some(IdProblem::TooLong(length));
    }
    if id.starts_with('@') {
        return Some(IdProblem::LeadingAt);
    }
    if names_a_folder(id) {
        return Some(IdProblem::Folder);
    }
    let forbidden = |c: &char| c.is_control() || matches!(c, '/' | '\\' | '#' | '?');
    id.chars().find(forbidden).map(IdProblem::Character)
}

/// Whether a client takes this part of a path as this folder, or as the one above it.
fn names_a_folder(text: &str) -> bool {
    matches!(text, "." | "..")
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// The integer under which the store keeps an instance.
    InstanceKey(i64)
}
impl InstanceKey {
    /// Returns whether this is the key of an entity. Keys of entities are negative, so it is clear
    /// for each inbox, timer and command whether it belongs to an entity.
    pub fn is_entity(self) -> bool {
        self.0 < 0
    }
}

number! {
    /// The number of an execution: 1 at the start, one more after each continue-as-new or
    /// replacement.
    Execution(u32)
}
number! {
    /// The number of a message in the inbox. The order of these numbers is not the order of
    /// commits: never use one as a watermark.
    MessageId(i64)
}
number! {
    /// The number of a worker in its hub.
    WorkerId(i64)
}
number! {
    /// A partition of a lane as one number: the unit that a worker owns.
    Unit(i32)
}

impl Execution {
    /// The execution that every instance starts with.
    pub const FIRST: Self = Self(1);

    /// Returns the execution after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The id of an entity: its name, which is the same for all entities of a type, and its key.
///
/// Any text can be a key, up to a maximum length, except `.` and `..`: in a URL those name a folder,
/// so a client would ask for another path. Ids are compared byte by byte, name first; entities are
/// locked in this order.
///
/// ```
/// use durable_runtime::ids::EntityId;
///
/// let account = EntityId::new("Account", "alice");
/// assert_eq!(account.to_string(), "Account(alice)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntityId {
    name: Arc<str>,
    key: Arc<str>,
}

impl EntityId {
    /// Creates the id of the entity `key` of the type `name`.
    pub fn new(name: impl Into<Arc<str>>, key: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            key: key.into(),
        }
    }

    /// Returns the name of the entity's type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the entity's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Checks that the key can be one.
    ///
    /// # Errors
    /// [`InvalidEntityKey`].
    pub fn check_key(&self) -> Result<(), InvalidEntityKey> {
        if names_a_folder(&self.key) {
            return Err(InvalidEntityKey {
                key: (*self.key).to_owned(),
            });
        }
        Ok(())
    }

    /// Returns the partition of this entity.
    pub fn partition(&self) -> u16 {
        partition_of(&self.key)
    }

    /// Returns the lane of all entities with this name.
    pub fn lane(&self) -> Lane {
        Lane::entity(&self.name)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.key)
    }
}

/// A key that no entity can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error(
    "invalid entity key {key:?}: a URL with it leads to another path; use neither `.` nor `..`"
)]
pub struct InvalidEntityKey {
    key: String,
}

/// The unit of routing: `name@version` of an orchestrator, `@name` of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lane(Arc<str>);

impl Lane {
    /// Returns the lane of an orchestrator.
    pub fn orchestrator(name: &str, version: &str) -> Self {
        Self(Arc::from(format!("{name}@{version}")))
    }

    /// Returns the lane of an entity.
    pub fn entity(name: &str) -> Self {
        Self(Arc::from(format!("@{name}")))
    }

    /// Returns the lane with exactly this stored name.
    pub fn from_name(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// Returns the name of the lane.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name and version of the orchestrator whose lane this is.
    ///
    /// ```
    /// use durable_runtime::ids::Lane;
    ///
    /// let lane = Lane::orchestrator("process_order", "2");
    /// assert_eq!(lane.as_orchestrator(), Some(("process_order", "2")));
    /// assert_eq!(lane.as_entity(), None);
    /// ```
    pub fn as_orchestrator(&self) -> Option<(&str, &str)> {
        self.0.split_once('@').filter(|(name, _)| !name.is_empty())
    }

    /// Returns the name of the entities whose lane this is.
    pub fn as_entity(&self) -> Option<&str> {
        self.0.strip_prefix('@')
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where in an orchestration a call was made: the numbers of the branches around it, then its own
/// number.
///
/// It is written `3` for the fourth call of the body itself, and `2.0` for the first call inside
/// the branch that was third in the body.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallPath(Vec<u32>);

impl CallPath {
    /// Returns the path of the orchestrator's own body, below which all others are.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// Returns the path of the `number`th call or branch below this one.
    #[must_use]
    pub fn child(&self, number: u32) -> Self {
        let mut numbers = Vec::with_capacity(self.0.len() + 1);
        numbers.extend_from_slice(&self.0);
        numbers.push(number);
        Self(numbers)
    }

    /// Returns the numbers of the path.
    pub fn numbers(&self) -> &[u32] {
        &self.0
    }
}

impl fmt::Debug for CallPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallPath({self})")
    }
}

impl fmt::Display for CallPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, number) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

impl FromStr for CallPath {
    type Err = InvalidCallPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        let numbers: Option<_> = text.split('.').map(number_of_call).collect();
        numbers
            .map(Self)
            .ok_or_else(|| InvalidCallPath(text.to_owned()))
    }
}

/// A number in the one way in which it is written: rows are found by the text of their path, so a
/// timer at `01` would be read as that of call `1` and never deleted.
fn number_of_call(text: &str) -> Option<u32> {
    let leading_zero = text.starts_with('0') && text.len() > 1;
    // One text for each path: it is a part of keys in the database.
    let is_plain = !leading_zero && !text.starts_with('+');
    text.parse().ok().filter(|_| is_plain)
}

impl TryFrom<String> for CallPath {
    type Error = InvalidCallPath;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CallPath> for String {
    fn from(path: CallPath) -> Self {
        path.to_string()
    }
}

/// A stored call path that is not a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a call path: numbers with dots between them, without leading zeros")]
pub struct InvalidCallPath(String);

/// Returns the 64-bit FNV-1a hash. It never changes, because partitions and derived ids depend on
/// it.
pub fn fnv1a64(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a remainder of PARTITIONS fits"
)]
fn partition_of(id: &str) -> u16 {
    (fnv1a64(id.as_bytes()) % u64::from(PARTITIONS)) as u16
}

/// Two hashes of `text` as one number. Part of the stored format, as its halves are.
fn hash128(text: &str) -> u128 {
    let high = fnv1a64(text.as_bytes());
    // From another state on, so that texts whose first half is equal differ in the second.
    let low = fnv1a64(format!("low\u{1f}{text}").as_bytes());
    (u128::from(high) << 64) | u128::from(low)
}

/// 26 characters of Crockford's alphabet for 128 bits.
fn base32(number: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let digit =
        |at: u32| char::from(ALPHABET[usize::try_from((number >> (at * 5)) & 31).unwrap_or(0)]);
    // 26 digits of five bits hold 130: all of the 128.
    (0..26).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::CallPath;
    use super::EntityId;
    use super::Execution;
    use super::InstanceId;
    use super::hash128;
    use crate::salt::Salt;

    #[test]
    fn the_id_of_a_child_is_fixed_for_all_time() {
        let (salt, path) = (Salt::from_bits(1), "0.2".parse().unwrap());
        let parent = InstanceId::new("order-1").unwrap();
        let child = InstanceId::of_child(salt, &parent, Execution::FIRST, &path);
        assert_eq!(child.as_str(), "7mjsq6d5fx78p0dwr9hj4ea3w2");
    }

    #[test]
    fn an_id_is_no_name_of_a_folder() {
        for id in [".", ".."] {
            let error = InstanceId::new(id).unwrap_err().to_string();
            let expected =
                format!("invalid instance id {id:?}: a URL with it leads to another path");
            assert!(error.starts_with(&expected), "{error}");
            let error = EntityId::new("Account", id).check_key().unwrap_err();
            let expected = format!(
                "invalid entity key {id:?}: a URL with it leads to another path; use neither `.` nor `..`"
            );
            assert_eq!(error.to_string(), expected);
        }
        for id in ["...", ".a", "a.", "..a", "a..b"] {
            InstanceId::new(id).unwrap();
            EntityId::new("Account", id).check_key().unwrap();
        }
    }

    #[test]
    fn a_call_path_is_read_in_the_one_way_in_which_it_is_written() {
        for text in ["", "0", "3", "2.0", "4294967295.10"] {
            assert_eq!(text.parse::<CallPath>().unwrap().to_string(), text);
        }
        for text in ["01", "+1", "-1", "1.", ".1", " 1", "1.00", "4294967296"] {
            assert!(text.parse::<CallPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn texts_that_meet_in_one_half_of_the_hash_part_in_the_other() {
        // A known pair of one FNV-1a hash.
        let [one, other] = ["8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ"];
        assert_eq!(
            super::fnv1a64(one.as_bytes()),
            super::fnv1a64(other.as_bytes())
        );
        assert_ne!(hash128(one), hash128(other));
    }
}
