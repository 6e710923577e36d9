//! Every kind of loop at the top level, with what may stand around it.

use durable_runtime::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tally {
    looks: u64,
    names: Vec<String>,
}

#[activity]
async fn look(name: String) -> Result<u64, Failure> {
    Ok(name.len() as u64)
}

fn total(tally: &Tally) -> u64 {
    tally.looks
}

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, mut every: u64, name: String) -> Result<String, Failure> {
    use std::collections::BTreeMap;
    const MOST: u64 = 3;

    // Named like a function, shadowed, captured in text, taken apart, or only there to be dropped.
    let total = total(&Tally::default());
    let name = format!("{name}-{total}");
    let (first, mut rest) = (look(name.clone()).await?, BTreeMap::<String, u64>::new());
    let Tally { looks, mut names } = Tally::default();
    let Some(last) = name.chars().last() else { return Ok(name) };
    let title = "a constant";
    let kept = Tally::default();
    let _ = format!("{kept:?} {last:>width$}", width = 3);
    let helper = |n: u64| n + looks;
    let _ = format!("{}", helper(2));
    'outer: loop {
        every += 1;
        if every > MOST {
            break;
        }
        for inner in 0..every {
            if inner == MOST {
                continue 'outer;
            }
            names.push(format!("{title} {inner} {first}"));
        }
        ctx.sleep(seconds(every)).await;
    }
    while rest.len() < 2 {
        let name = format!("{}", rest.len());
        rest.insert(name, look("x".to_owned()).await?);
    }
    while let Some(name) = names.pop() {
        look(name).await?;
    }
    for (at, word) in ["a", "b"].map(str::to_owned).into_iter().enumerate() {
        look(format!("{at}{word}")).await?;
    }
    for Ok(word) | Err(word) in [Ok("a".to_owned()), Err("b".to_owned())] {
        look(word).await?;
    }
    let end = loop {
        if every == 0 {
            break last;
        }
        every -= 1;
    };
    for _ in 0..2 {
        ctx.sleep(seconds(1)).await;
    }
    Ok(format!("{name} {end} {rest:?}"))
}

#[orchestrator(checkpoint = 64)]
async fn for_ever(ctx: &OrchestrationContext) -> Result<(), Failure> {
    loop {
        ctx.sleep(hours(1)).await;
    }
}

pub(crate) fn main() {
    let _ = (watch(1, String::new()), for_ever());
}
