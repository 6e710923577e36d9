//! Keeps D032.

use durable_runtime::prelude::*;
use std::collections::HashMap;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, prices: HashMap<String, u64>) -> u64 {
    #[allow_nondeterminism(D001, reason = "a figure for people")]
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    #[allow_nondeterminism(D015, D001, reason = "seen on the console only")]
    println!("{:?}", begun.max(std::time::Instant::now()));
    let mut sum = 0;
    #[allow_nondeterminism(D013, reason = "adding does not depend on the order")]
    for cents in prices.values() {
        sum += cents;
    }
    #[allow_nondeterminism(D005, reason = "the same on every machine")]
    sum += std::env::args().count() as u64;
    ctx.log().info(sum);
    #[allow_nondeterminism(D016, reason = "ends with its parent")]
    loop {
        let slept = async {
            #[allow_nondeterminism(D008, reason = "a figure for people")]
            let number = std::process::id();
            ctx.sleep(seconds(u64::from(number))).await;
        };
        slept.await;
    }
}

pub(crate) fn main() {}
