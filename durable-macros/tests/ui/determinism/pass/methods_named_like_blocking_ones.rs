//! Keeps D011, D012, D014: methods of the user's own types are the user's.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    struct Book(u64);
    impl Book {
        fn block_on(&self, other: u64) -> u64 {
            self.0 + other
        }
        fn lock(&self) -> u64 {
            self.0
        }
        fn load(&self, by: std::cmp::Ordering) -> u64 {
            self.0 + u64::from(by.is_lt())
        }
        fn iter(&self) -> u64 {
            self.0
        }
        fn elapsed(&self) -> u64 {
            self.0
        }
    }
    let book = Book(1);
    ctx.sleep(seconds(book.lock())).await;
    book.block_on(2) + book.load(std::cmp::Ordering::Less) + book.iter() + book.elapsed()
}

pub(crate) fn main() {}
