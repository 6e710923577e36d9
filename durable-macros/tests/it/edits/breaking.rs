//! Edits that running instances do not survive.

use super::harness::edit;

edit! { Breaking a_step_is_added |ctx, order|
    { charge(order.total).await?; ctx.sleep(hours(1)).await; ship(order.total).await }
    => { charge(order.total).await?; wrap(1).await?; ctx.sleep(hours(1)).await; ship(order.total).await }
}
edit! { Breaking a_step_is_removed |ctx, order|
    { charge(order.total).await?; pack(1).await?; ctx.sleep(hours(1)).await; ship(order.total).await }
    => { charge(order.total).await?; ctx.sleep(hours(1)).await; ship(order.total).await }
}
edit! { Breaking two_steps_change_places |ctx, order|
    { charge(1).await?; pack(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { pack(1).await?; charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_step_becomes_another |ctx, order|
    { charge(1).await?; pack(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; wrap(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_timer_is_removed |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_timer_is_added_in_a_loop |ctx, order|
    { for item in order.items { pack(item).await?; ctx.sleep(hours(1)).await; } Ok(1) }
    => { for item in order.items { ctx.sleep(hours(1)).await; pack(item).await?; ctx.sleep(hours(1)).await; } Ok(1) }
}
edit! { Breaking a_step_is_added_in_a_branch |ctx, order|
    { if order.total > 100 { charge(1).await?; ctx.sleep(hours(1)).await; } ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { if order.total > 100 { wrap(1).await?; charge(1).await?; ctx.sleep(hours(1)).await; } ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_branch_is_added |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { if order.total > 100 { wrap(1).await?; } charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Breaking a_branch_is_removed |ctx, order|
    { if order.total > 100 { wrap(1).await?; } charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_step_becomes_conditional |ctx, order|
    { wrap(1).await?; charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { if order.total > 100 { wrap(1).await?; } charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_condition_changes |ctx, order|
    { if order.total > 100 { wrap(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
    => { if order.total > 10 { wrap(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking branches_change_places |ctx, order|
    { if order.total > 100 { wrap(1).await?; } else { pack(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
    => { if order.total > 100 { pack(1).await?; } else { wrap(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking the_arms_of_a_join_change_places |ctx, order|
    { let (a, b) = try_join!(pack(1), wrap(2))?; ctx.sleep(hours(1)).await; Ok(a + b) }
    => { let (b, a) = try_join!(wrap(2), pack(1))?; ctx.sleep(hours(1)).await; Ok(a + b) }
}
edit! { Breaking an_arm_is_added_to_a_join |ctx, order|
    { let (a, b) = try_join!(pack(1), wrap(2))?; ctx.sleep(hours(1)).await; Ok(a + b) }
    => { let (a, b, _) = try_join!(pack(1), wrap(2), charge(3))?; ctx.sleep(hours(1)).await; Ok(a + b) }
}
edit! { Breaking the_arms_of_a_select_change_places |ctx, order|
    { select! { _ = ctx.wait_for::<Approval>() => {} _ = ctx.sleep(hours(1)) => {} } ship(1).await }
    => { select! { _ = ctx.sleep(hours(1)) => {} _ = ctx.wait_for::<Approval>() => {} } ship(1).await }
}
edit! { Breaking a_wait_can_be_cut_short |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; select! { _ = ctx.wait_for::<Approval>() => {} _ = ctx.sleep(hours(1)) => {} } Ok(1) }
}
edit! { Breaking steps_in_turn_become_steps_at_the_same_time |ctx, order|
    { pack(1).await?; wrap(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { try_join!(pack(1), wrap(1))?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_loop_becomes_a_fan_out |ctx, order|
    { for item in order.items { pack(item).await?; } ctx.sleep(hours(1)).await; Ok(1) }
    => { try_join_all(order.items.into_iter().map(|item| pack(item))).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking an_early_return_is_added |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; if order.total == 0 { return Ok(0); } ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking an_error_ends_what_went_on |ctx, order|
    { let _ = insure(order.total).await; ctx.sleep(hours(1)).await; ship(1).await }
    => { insure(order.total).await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Breaking a_call_is_made_before_it_is_awaited |ctx, order|
    { ctx.sleep(hours(1)).await; charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { let charging = charge(1).spawn(); ctx.sleep(hours(1)).await; charging.await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_call_gets_retries_of_the_orchestrators_own |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).retry_with(|_, _| None).await?; ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking an_activity_becomes_a_sub_orchestration |ctx, order|
    { ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { deliver(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Breaking a_helper_gets_another_step
    {
        #[orchestrator(inline)]
        async fn pack_it(ctx: &OrchestrationContext, item: u64) -> Result<u64, Failure> {
            pack(item).await
        }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            pack_it(ctx, 1).await?;
            ctx.sleep(hours(1)).await;
            Ok(1)
        }
    } => {
        #[orchestrator(inline)]
        async fn pack_it(ctx: &OrchestrationContext, item: u64) -> Result<u64, Failure> {
            let item = pack(item).await?;
            wrap(item).await
        }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            pack_it(ctx, 1).await?;
            ctx.sleep(hours(1)).await;
            Ok(1)
        }
    }
}
edit! { Breaking an_argument_is_added
    {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    } => {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order, gift: bool) -> Result<u64, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    }
}
edit! { Breaking the_result_of_an_activity_has_another_type
    {
        #[activity]
        pub(crate) async fn weigh(item: u64) -> u64 { item }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            weigh(1).await?;
            ctx.sleep(hours(1)).await;
            Ok(1)
        }
    } with weigh => {
        #[activity]
        pub(crate) async fn weigh(item: u64) -> String { item.to_string() }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            weigh(1).await?;
            ctx.sleep(hours(1)).await;
            Ok(1)
        }
    } with weigh
}
edit! { Breaking a_guard_is_removed_too_early |ctx, order|
    { if ctx.patched("wrap") { wrap(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
    => { wrap(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
