//! Keeps D040.

#![deny(warnings)]

use durable_runtime::prelude::*;

/// As `charge.rs` and `refund.rs`, each with the function that it is named after.
mod activities {
    pub(crate) mod charge {
        use durable_runtime::prelude::*;

        #[activity]
        pub(crate) async fn charge(cents: u64) -> u64 {
            cents
        }
    }

    pub(crate) mod refund {
        use durable_runtime::prelude::*;

        #[activity]
        pub(crate) async fn refund(cents: u64) -> u64 {
            cents
        }
    }
}

use activities::charge;
use activities::refund::refund as refund_card;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    let charged = charge::charge(cents).await?;
    refund_card(charged).await
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(pay);
    let missing = registry.check().unwrap_err().to_string();
    assert!(missing.contains("activity `charge`"), "{missing}");
    assert!(missing.contains("activity `refund`"), "{missing}");
    registry.register(charge::charge);
    registry.register(refund_card);
    registry.check().unwrap();
}
