//! Ids and times.

use std::time::Duration;
use std::time::SystemTime;

use durable_runtime::InstanceId;
use durable_runtime::Timestamp;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MAX_INSTANCE_ID;
use durable_runtime::ids::PARTITIONS;
use durable_runtime::salt::Salt;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads the text as whatever is read of text, and its number as a time.
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    instance_id(&text);
    call_path(&text);
    lane(&text);
    salt(&text);
    if let Ok(millis) = text.trim().parse() {
        time(Timestamp::from_millis(millis));
    }
}

fn instance_id(text: &str) {
    let Ok(id) = InstanceId::new(text) else {
        assert!(serde_json::from_value::<InstanceId>(text.into()).is_err());
        return;
    };
    assert_eq!(id.as_str(), text);
    assert!((1..=MAX_INSTANCE_ID).contains(&text.chars().count()));
    assert!(id.partition() < PARTITIONS);
    through_json(&id);
    let entity = EntityId::new("Stock", text);
    assert!(entity.partition() < PARTITIONS);
    through_json(&entity);
}

/// As text it is a key of tables: two texts of one path would be two rows.
fn call_path(text: &str) {
    if let Ok(path) = text.parse::<CallPath>() {
        assert_eq!(path.to_string(), text);
        through_json(&path);
    }
}

fn lane(text: &str) {
    let lane = Lane::from_name(text);
    if let Some((name, version)) = lane.as_orchestrator() {
        assert_eq!(Lane::orchestrator(name, version), lane);
        assert_eq!(lane.as_entity(), None);
    }
    if let Some(name) = lane.as_entity() {
        assert_eq!(Lane::entity(name), lane);
    }
}

fn salt(text: &str) {
    if let Ok(salt) = text.parse::<Salt>() {
        assert_eq!(String::from(salt), text.to_lowercase());
        through_json(&salt);
    }
}

/// Every time has a text, and those that others can read, read so.
fn time(time: Timestamp) {
    let text = time.to_string();
    #[cfg(feature = "http")]
    if let Ok(read) = text.parse::<jiff::Timestamp>() {
        assert_eq!(read.as_millisecond(), time.as_millis(), "{text}");
    }
    through_json(&time);
    assert!(text.ends_with('Z'));
    as_others_have_it(time);
    moved(time);
}

/// Whoever can tell the time tells the same.
fn as_others_have_it(time: Timestamp) {
    if let Ok(system) = SystemTime::try_from(time) {
        assert_eq!(Timestamp::from(system), time);
        let earlier = system.checked_sub(Duration::from_micros(1));
        if let Some(earlier) = earlier.filter(|_| time > Timestamp::from_millis(i64::MIN)) {
            assert_eq!(Timestamp::from(earlier), time - Duration::from_millis(1));
        }
    }
    #[cfg(feature = "jiff")]
    if let Ok(other) = jiff::Timestamp::try_from(time) {
        assert_eq!(Timestamp::from(other), time);
    }
}

/// No time is so far away that it cannot be moved further.
fn moved(time: Timestamp) {
    let far = Duration::from_millis(time.as_millis().unsigned_abs());
    for by in [Duration::ZERO, Duration::from_nanos(1), far, Duration::MAX] {
        let (earlier, later) = (time - by, time + by);
        assert!(earlier <= time && time <= later, "{time:?} {by:?}");
        assert!(later.since(time) <= by.saturating_add(Duration::from_millis(1)));
        assert_eq!(earlier.since(later), Duration::ZERO);
        assert_eq!(earlier + time.since(earlier), time);
    }
}

fn through_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
}
