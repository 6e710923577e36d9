//! An orchestrator lists the entities that its source names.

use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;

macro_rules! entities {
    ($($visibility:vis $name:ident)+) => {$(
        #[derive(Default, serde::Serialize, serde::Deserialize)]
        $visibility struct $name;

        #[entity]
        impl $name {
            $visibility fn touch(&mut self) {}
        }
    )+};
}

entities! { Called Signalled Locked1 Locked2 Many Each Bound Spawned Mapped InAHelper Passed }

mod bank {
    use durable_runtime::prelude::*;

    entities! { pub(super) Account pub(super) Imported }
}
use bank::Imported;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Renamed;

#[entity(name = "other")]
impl Renamed {
    fn touch(&mut self) {}
}

/// No entity, though it is found at a place.
struct Pause(u64);

impl Pause {
    fn at(place: &str) -> Self {
        Self(place.len() as u64)
    }

    fn pass<'a>(&self, ctx: &'a OrchestrationContext) -> DurableBox<'a, ()> {
        ctx.sleep(seconds(self.0)).boxed_durable()
    }
}

#[orchestrator(inline)]
async fn helper(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    InAHelper::at("x").touch().await
}

#[orchestrator]
async fn visit(ctx: &OrchestrationContext, keys: Vec<String>) -> Result<(), Failure> {
    Called::at("x").touch().await?;
    Signalled::at("x").signal_touch().after(seconds(1)).await?;
    Pause::at("x").pass(ctx).await;
    bank::Account::at("x").touch().await?;
    Imported::at("x").touch().timeout(seconds(1)).await?;
    Renamed::at("x").touch().await?;
    let (bound, _unused) = (Bound::at("x"), Passed::at("y"));
    bound.touch().await?;
    let spawned = Spawned::at("x").touch().spawn();
    futures::future::try_join_all(keys.iter().map(|key| Mapped::at(key).touch())).await?;
    helper(ctx).await?;
    spawned.await?;
    let many = lock!(keys.iter().map(Many::at).collect::<Vec<_>>()).await?;
    drop(many);
    let each = lock!(keys.iter().map(|key| Each::at(key)).collect::<Vec<_>>()).await?;
    drop(each);
    let (mut one, mut two) = lock!(Locked1::at("x"), Locked2::at("x")).await?;
    one.touch().await?;
    two.touch().await
}

pub(crate) fn main() {
    let mut registry = Registry::default();
    registry.register(visit);
    let error = registry.check().unwrap_err().to_string();
    let missing = [
        "Called", "Signalled", "Locked1", "Locked2", "Many", "Each", "Bound", "Passed", "Spawned", "Mapped",
        "InAHelper", "Account", "Imported", "other",
    ];
    for name in missing {
        assert!(error.contains(&format!("`{name}`")), "{name} is missing in {error}");
    }
    assert_eq!(error.lines().count(), missing.len() + 1, "{error}");
}
