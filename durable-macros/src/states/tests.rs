//! The edges that bodies come to, before junctions are taken out.

use syn::Block;
use syn::parse_quote;

use super::graph;

fn told(result: bool, body: &str) -> String {
    let block: Block = syn::parse_str(&format!("{{ {body} }}")).unwrap();
    let output = if result {
        parse_quote!(-> Result<u32, Failure>)
    } else {
        parse_quote!(-> u32)
    };
    let parameters = [parse_quote!(ctx), parse_quote!(order)];
    graph(&block, &parameters, &output, &[parse_quote!(Approval)]).told()
}

#[track_caller]
fn check(result: bool, body: &str, expected: &str) {
    let (told, expected) = (told(result, body), expected.trim_start());
    let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(lines(&told), lines(expected), "\n{told}");
}

#[test]
fn a_chain() {
    check(
        true,
        "let receipt = charge(order.clone()).await?; ctx.sleep(hours(1)).await; Ok(ship(receipt).await?)",
        "start -> Call:charge
         Call:charge -> failed [Err]
         Call:charge -> Timer:sleep
         Timer:sleep -> Call:ship
         Call:ship -> failed [Err]
         Call:ship -> completed",
    );
}

#[test]
fn branches_meet_again_and_idle_ones_are_one() {
    check(
        false,
        "if order.total > 100 { check(order).await; }
         match order.kind { Kind::A { n } => a(n).await, Kind::B => {} Kind::C => {} }
         7",
        "start -> Call:check [_.total>100]
         start -> Call:a [!(_.total>100); _.kind is Kind::A{n:_}]
         Call:check -> Call:a [_.kind is Kind::A{n:_}]
         start -> completed [!(_.total>100); _.kind is Kind::B | _.kind is Kind::C]
         Call:check -> completed [_.kind is Kind::B | _.kind is Kind::C]
         Call:a -> completed",
    );
}

#[test]
fn loops_and_jumps() {
    check(
        false,
        "'outer: loop {
             for item in order.items { if pack(item).await { continue 'outer; } }
             if done() { break; }
             ctx.sleep(hours(1)).await;
         }
         0",
        "start -> (0)
         (0) -> (1)
         (1) -> Call:pack [in _.items]
         Call:pack -> (0) [pack(_).await]
         Call:pack -> (1) [!(pack(_).await)]
         (1) -> Timer:sleep [end of _.items; !(done())]
         Timer:sleep -> (0)
         (1) -> completed [end of _.items; done()]",
    );
}

#[test]
fn arms_of_select_and_join() {
    check(
        true,
        "let refused = select! {
             decision = ctx.wait_for::<Approval>() => match decision { Approval::Yes => None, Approval::No => Some(1) },
             _ = ctx.sleep(hours(48)) => return Err(late()),
         };
         let (a, b) = join!(one(order), async { two(order).await?; three(order).await });
         a",
        "start -> Select:select
         Select:select -> Event:Approval [arm 0]
         Select:select -> Timer:sleep [arm 1]
         Timer:sleep -> failed
         Event:Approval -> Join:join
         Join:join -> Call:one [arm 0]
         Join:join -> Branch:async [arm 1]
         Branch:async -> Call:two
         Call:two -> Call:three
         Call:one -> Joined:join
         Call:three -> Joined:join
         Call:two -> Joined:join [Err]
         Joined:join -> failed [Err]
         Joined:join -> completed",
    );
}

#[test]
fn fan_out_is_one_state() {
    check(
        true,
        "let packed = (1..=order.cds).map(|cd| pack_cd(order.id.clone(), cd).label(\"pack\"));
         let parcels = try_join_all(packed).await?;
         ship(parcels).await",
        "start -> Call:try_join_all pack_cd+many+try_join_all
         Call:try_join_all pack_cd+many+try_join_all -> failed [Err]
         Call:try_join_all pack_cd+many+try_join_all -> Call:ship
         Call:ship -> failed [Err]
         Call:ship -> completed",
    );
}

#[test]
fn calls_that_are_made_and_awaited_later() {
    check(
        false,
        "let charging = charge(order).spawn();
         let nap = ctx.sleep(hours(1));
         nap.await;
         let mut all = FuturesUnordered::new();
         all.push(pack(1));
         while let Some(one) = all.next().await {}
         charging.await",
        "start -> Call:charge+made+spawn
         Call:charge+made+spawn -> Timer:sleep+made
         Timer:sleep+made -> Await:sleep
         Await:sleep -> Call:pack+made
         Call:pack+made -> (4)
         (4) -> Await:all
         Await:all -> (4) [let Some(_)=_.next().await]
         Await:all -> Await:charge [!(let Some(_)=_.next().await)]
         Await:charge -> completed",
    );
}

#[test]
fn what_is_shielded_is_seen_whether_it_is_a_call_a_block_or_made_before() {
    check(
        true,
        "ctx.shielded(charge(order)).await?;
         let packing = pack(order);
         ctx.shielded(packing).await?;
         ctx.shielded(async { ship(order).await }).await",
        "start -> Branch:shielded
         Branch:shielded -> Call:charge
         Call:charge -> failed [Err]
         Call:charge -> Call:pack+made
         Call:pack+made -> Branch:shielded
         Branch:shielded -> Await:pack
         Await:pack -> failed [Err]
         Await:pack -> Branch:shielded
         Branch:shielded -> Branch:async
         Branch:async -> Call:ship
         Call:ship -> failed [Err]
         Call:ship -> completed",
    );
}

#[test]
fn patches_events_entities_and_closures() {
    check(
        false,
        "if ctx.patched(\"gift\") { wrap(order).await; }
         let mut bids = ctx.events::<Approval>().take(3);
         let bid = bids.next().await;
         let (mut from, mut to) = lock!(Account::at(a), Account::at(b)).await?;
         from.withdraw(1).await;
         Inventory::at(\"main\").signal_shipped(1).after(days(1)).await;
         let twice = async |n: u32| { note(n).await; note(n).await };
         twice(3).await;
         return ctx.continue_as_new(order).await;",
        "start -> Call:wrap [patched gift]
         start -> Event:Approval [not patched gift]
         Call:wrap -> Event:Approval
         Event:Approval -> Lock:Account, Account
         Lock:Account, Account -> failed [Err]
         Lock:Account, Account -> Entity:Account.withdraw
         Entity:Account.withdraw -> Entity:Inventory.signal_shipped
         Entity:Inventory.signal_shipped -> Branch:twice
         Branch:twice -> Call:note
         Call:note -> Call:note
         Call:note -> ContinueAsNew:continue_as_new
         ContinueAsNew:continue_as_new -> continued",
    );
}

#[test]
fn each_part_of_a_lock_of_many_is_its_entity() {
    check(
        false,
        "let mut account = lock!(Account::at(key)).await?; account.deposit(1).await;",
        "start -> Lock:Account
         Lock:Account -> failed [Err]
         Lock:Account -> Entity:Account.deposit
         Entity:Account.deposit -> completed",
    );
    for many in [
        "keys.iter().map(Account::at).collect()",
        "keys.iter().map(|key| Account::at(key)).collect::<Vec<_>>()",
    ] {
        check(
            false,
            &format!(
                "let mut parts = lock!({many}).await?;
                 for part in &mut parts {{ part.deposit(1).await; }}"
            ),
            "start -> Lock:Account
             Lock:Account -> failed [Err]
             Lock:Account -> (1)
             (1) -> Entity:Account.deposit [in &mut _]
             Entity:Account.deposit -> (1)
             (1) -> completed [end of &mut _]",
        );
    }
}

#[test]
fn what_is_no_call_is_no_state() {
    check(
        false,
        "let policy = RetryPolicy::new(0, seconds(1));
         join!(charge(1).retry(policy.clone()), pack(2));
         let later = Box::pin(ctx.sleep(hours(1)));
         later.await;
         7",
        "start -> Join:join
         Join:join -> Call:charge+retry [arm 0]
         Join:join -> Call:pack [arm 1]
         Call:charge+retry -> Joined:join
         Call:pack -> Joined:join
         Joined:join -> Timer:sleep+made
         Timer:sleep+made -> Await:sleep
         Await:sleep -> completed",
    );
}
