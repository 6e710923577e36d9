//! Edits that running instances survive.

use super::harness::edit;

edit! { Unchanged comments_and_formatting |ctx, order|
    { charge(order.total).await?; ctx.sleep(hours(1)).await; ship(order.total).await }
    => {
        // The customer pays first.
        charge(
            order.total,
        )
        .await?;

        ctx.sleep(hours(1))
            .await;
        ship(order.total).await
    }
}
edit! { Unchanged a_local_is_renamed |ctx, order|
    { let paid = charge(order.total).await?; if paid > 10 { ctx.sleep(hours(1)).await; } ship(paid).await }
    => { let receipt = charge(order.total).await?; if receipt > 10 { ctx.sleep(hours(1)).await; } ship(receipt).await }
}
edit! { Unchanged a_binding_of_a_pattern_is_renamed |ctx, order|
    { match order.kind { Kind::Letter => {} Kind::Parcel { pieces } => { pack(pieces).await?; } } ctx.sleep(hours(1)).await; Ok(1) }
    => { match order.kind { Kind::Letter => {} Kind::Parcel { pieces: many } => { pack(many).await?; } } ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Unchanged a_parameter_is_renamed
    {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            if order.total > 10 { ctx.sleep(hours(1)).await; }
            ship(order.total).await
        }
    } => {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(context: &OrchestrationContext, purchase: Order) -> Result<u64, Failure> {
            if purchase.total > 10 { context.sleep(hours(1)).await; }
            ship(purchase.total).await
        }
    }
}
edit! { Unchanged a_type_is_named_by_another_path
    {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    } => {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(
            ctx: &OrchestrationContext,
            order: crate::edits::shop::Order,
        ) -> core::result::Result<u64, durable_runtime::Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    }
}
edit! { Unchanged the_function_is_renamed_and_not_its_record
    {
        #[activity(name = "weigh")]
        pub(crate) async fn weigh(item: u64) -> u64 { item }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(9)).await;
            weigh(1).await
        }
    } with weigh => {
        #[activity(name = "weigh")]
        pub(crate) async fn put_on_the_scales(item: u64) -> u64 { item }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(9)).await;
            put_on_the_scales(1).await
        }
    } with put_on_the_scales
}
edit! { Unchanged a_duration_changes |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { charge(1).await?; ctx.sleep(hours(2)).await; ship(1).await }
}
edit! { Unchanged a_timer_goes_by_a_time |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { charge(1).await?; ctx.sleep_until(ctx.now() + hours(1)).await; ship(1).await }
}
edit! { Unchanged a_call_gets_options |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { charge(1).retry(RetryPolicy::new(3, seconds(1))).timeout(minutes(1)).label("pay").await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Unchanged something_is_logged |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { ctx.log().info("paying"); charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Unchanged something_is_computed_between_two_steps |ctx, order|
    { let paid = charge(1).await?; ctx.sleep(hours(1)).await; ship(paid).await }
    => {
        let paid = charge(1).await?;
        let mut sum = 0;
        for item in &order.items { if *item > 1 { sum += item; } }
        ctx.log().info(format!("{sum}"));
        ctx.sleep(hours(1)).await;
        ship(paid).await
    }
}
edit! { Unchanged match_arms_change_places |ctx, order|
    { match order.kind { Kind::Letter => { wrap(1).await?; } Kind::Parcel { .. } => { pack(1).await?; } } ctx.sleep(hours(1)).await; Ok(1) }
    => { match order.kind { Kind::Parcel { .. } => { pack(1).await?; } Kind::Letter => { wrap(1).await?; } } ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Unchanged parentheses_come_and_go |ctx, order|
    { if order.total > 100 { wrap(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
    => { if (order.total > 100) { wrap(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Unchanged an_expression_gets_a_name |ctx, order|
    { ship(charge(order.total).await?).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { let paid = charge(order.total).await?; ship(paid).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Unchanged an_event_is_declared
    {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    } => {
        #[orchestrator(name = "subject", events(Approval))]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    }
}
edit! { Unchanged a_loop_gets_a_label |ctx, order|
    { let mut n = 0; loop { pack(n).await?; ctx.sleep(hours(1)).await; n += 1; if n > 2 { break; } } Ok(1) }
    => { let mut n = 0; 'all: loop { pack(n).await?; ctx.sleep(hours(1)).await; n += 1; if n > 2 { break 'all; } } Ok(1) }
}
edit! { Unchanged a_fan_out_is_written_in_one_line |ctx, order|
    { let packed = order.items.iter().map(|item| pack(*item)); let packed = try_join_all(packed).await?; ctx.sleep(hours(1)).await; Ok(packed.len() as u64) }
    => { let all = try_join_all(order.items.iter().map(|one| pack(*one).label("pack"))).await?; ctx.sleep(hours(1)).await; Ok(all.len() as u64) }
}
edit! { Safe a_step_is_added_at_the_end |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await?; Ok(1) }
}
edit! { Safe a_branch_is_added_at_the_end |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; ctx.sleep(hours(1)).await; if order.total > 10 { ship(1).await?; ctx.sleep(hours(1)).await; } Ok(1) }
}
edit! { Safe an_error_is_cleaned_up_after |ctx, order|
    { select! { _ = ctx.wait_for::<Approval>() => {} _ = ctx.sleep(hours(1)) => return Ok(0) } ship(1).await }
    => { select! { _ = ctx.wait_for::<Approval>() => {} _ = ctx.sleep(hours(1)) => { refund(1).await?; return Ok(0) } } ship(1).await }
}
edit! { Safe an_error_does_not_end_it_any_more |ctx, order|
    { insure(order.total).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { let _ = insure(order.total).await; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Safe an_early_return_is_removed |ctx, order|
    { charge(1).await?; if order.total == 0 { return Ok(0); } ctx.sleep(hours(1)).await; ship(1).await }
    => { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Safe a_step_is_added_under_a_guard |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; if ctx.patched("wrap") { wrap(1).await?; } ctx.sleep(hours(1)).await; ship(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Safe a_step_is_removed_under_a_guard |ctx, order|
    { charge(1).await?; pack(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => { charge(1).await?; if !ctx.patched("no packing") { pack(1).await?; } ctx.sleep(hours(1)).await; Ok(1) }
}
edit! { Safe steps_change_places_under_a_guard |ctx, order|
    { charge(1).await?; pack(1).await?; ctx.sleep(hours(1)).await; Ok(1) }
    => {
        let pack_first = ctx.patched("pack first");
        if pack_first { pack(1).await?; charge(1).await?; } else { charge(1).await?; pack(1).await?; }
        ctx.sleep(hours(1)).await;
        Ok(1)
    }
}
edit! { Safe a_condition_changes_under_a_guard |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { if ctx.patched("wrap") && order.total > 10 { wrap(1).await?; } charge(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Safe steps_move_into_a_helper |ctx, order|
    { charge(1).await?; ctx.sleep(hours(1)).await; pack(1).await?; ctx.sleep(hours(1)).await; ship(1).await }
    => { charge(1).await?; nap_and_pack(ctx, 1).await?; ctx.sleep(hours(1)).await; ship(1).await }
}
edit! { Safe it_returns_something_else
    {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total)
        }
    } => {
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<String, Failure> {
            ctx.sleep(hours(1)).await;
            Ok(order.total.to_string())
        }
    }
}
edit! { Safe a_variant_that_was_not_there_gets_an_arm
    {
        #[derive(serde::Serialize, serde::Deserialize)]
        enum Way { Land, Sea }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            let way = if order.total > 100 { Way::Land } else { Way::Sea };
            match way {
                Way::Land => { wrap(1).await?; }
                Way::Sea => {}
            }
            ctx.sleep(hours(1)).await;
            Ok(1)
        }
    } => {
        #[derive(serde::Serialize, serde::Deserialize)]
        enum Way { Land, Sea, Air, Space }
        #[orchestrator(name = "subject")]
        pub(crate) async fn subject(ctx: &OrchestrationContext, order: Order) -> Result<u64, Failure> {
            let way = if order.total > 100 { Way::Land } else { Way::Sea };
            match way {
                Way::Land => { wrap(1).await?; }
                Way::Air => { pack(1).await?; charge(1).await?; }
                Way::Sea | Way::Space => {}
            }
            ctx.sleep(hours(1)).await;
            Ok(1)
        }
    }
}
