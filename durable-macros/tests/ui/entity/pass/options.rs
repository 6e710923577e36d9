//! Keeps D110.

use durable_runtime::entity::Entity;
use durable_runtime::prelude::*;

#[derive(serde::Deserialize)]
struct OldJournal {
    text: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Journal {
    entries: Vec<String>,
}

impl From<OldJournal> for Journal {
    fn from(old: OldJournal) -> Self {
        Self { entries: old.text.lines().map(str::to_owned).collect() }
    }
}

#[entity(name = "journals/main", version = "2", init = Journal::opened, migrate_from = OldJournal)]
impl Journal {
    fn opened() -> Self {
        Self { entries: vec!["opened".to_owned()] }
    }

    fn append(&mut self, entry: String) {
        self.entries.push(entry);
    }
}

pub(crate) fn main() {
    assert_eq!(Journal::NAME, "journals/main");
    assert_eq!(Journal::VERSION, "2");
    assert_eq!(Journal::init().entries, ["opened"]);
    let old = durable_runtime::Payload::from_json(r#"{"text":"a\nb"}"#).unwrap();
    assert_eq!(Journal::load(&old).unwrap().entries, ["a", "b"]);
}
