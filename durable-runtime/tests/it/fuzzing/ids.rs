//! Ids and times.

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
}

fn through_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
}
