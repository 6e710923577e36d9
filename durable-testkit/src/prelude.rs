//! Everything that a test of orchestrations needs: `use durable_testkit::prelude::*;`.
//!
//! You can name the types of mocks and of their calls in your own functions and structs:
//!
//! ```
//! use durable_runtime::prelude::*;
//! use durable_testkit::prelude::*;
//!
//! #[activity]
//! async fn charge(cents: u64) -> u64 {
//!     cents
//! }
//!
//! #[orchestrator]
//! async fn pay(_ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
//!     charge(cents).await
//! }
//!
//! #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
//! struct Stock {
//!     left: u32,
//! }
//!
//! #[entity]
//! impl Stock {
//!     fn take(&mut self, pieces: u32) -> u32 {
//!         self.left -= pieces;
//!         self.left
//!     }
//! }
//!
//! struct Shop {
//!     kit: TestHub,
//!     charges: Calls<Call<charge>>,
//!     payments: Calls<ChildCall<pay>>,
//!     /// The entity, the arguments and the result; after it the error, if there is one.
//!     takes: Calls<MockedOperation<Stock, (u32,), u32>>,
//! }
//!
//! fn shop(mock: Mock<Call<charge>>) -> Shop {
//!     let kit = TestHub::new().register(pay);
//!     let (charges, payments) = (kit.mock(mock), kit.calls_of(pay));
//!     let takes = kit.mock(StockMocks::take(|pieces| 10 - pieces));
//!     Shop { kit, charges, payments, takes }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let shop = shop(charge::with(|cents| cents));
//! shop.kit.start(pay(5)).await.result().await.unwrap();
//! assert_eq!(shop.charges.calls(), 1);
//! # let _ = (shop.payments, shop.takes);
//! # }
//! ```

pub use durable_runtime::orchestration::Call;
pub use durable_runtime::orchestration::ChildCall;
pub use durable_runtime::registry::Mock;
pub use durable_runtime::registry::MockedOperation;

pub use crate::Calls;
pub use crate::ReplayCheckError;
pub use crate::SavedHistory;
pub use crate::Scenario;
pub use crate::TestHub;
pub use crate::TestInstance;
pub use crate::Timeline;
pub use crate::Unmocked;
pub use crate::assert_called;
pub use crate::assert_history;
pub use crate::expect;
pub use crate::replay_check;
pub use crate::replay_check_folder;
pub use crate::replay_check_instances;
