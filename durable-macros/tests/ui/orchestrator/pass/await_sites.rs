use durable_runtime::orchestration::Orchestrator;
use durable_runtime::prelude::*;

#[orchestrator]
async fn wait(ctx: &OrchestrationContext, times: u32) {
    for _ in 0..times {
        ctx
            .sleep(
                minutes(5),
            )
            .await;
    }
    join!(ctx.sleep(hours(1)), async { ctx.sleep(hours(2)).await });
}

pub(crate) fn main() {
    let sites = wait::DEFINITION.sites;
    let shown: Vec<_> = sites.iter().map(|site| (site.number, site.line, site.expression)).collect();
    assert_eq!(
        shown,
        [
            (0, 7, "ctx.sleep(minutes(5))"),
            (1, 13, "ctx.sleep(hours(2))"),
            (2, 13, "join!(ctx.sleep(hours(1)), async { ctx.sleep(hours(2)).await })"),
        ]
    );
    assert!(sites[0].file.ends_with("await_sites.rs"));
}
