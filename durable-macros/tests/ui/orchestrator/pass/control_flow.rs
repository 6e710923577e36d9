#![deny(warnings)]
use durable_runtime::prelude::*;
use futures::future::join_all;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
enum E {
    #[error("x")]
    X,
    #[error(transparent)]
    F(#[from] Failure),
}

macro_rules! make {
    ($name:ident, $body:expr) => {
        #[orchestrator]
        async fn $name(ctx: &OrchestrationContext, n: u64) -> Result<u64, Failure> {
            ctx.sleep(seconds(n)).await;
            let add = $body;
            Ok(charge(n).await? + add)
        }
    };
}
make!(made, 3);

mod deep {
    pub(super) mod er {
        #[durable_runtime::prelude::activity]
        pub(crate) async fn ship(cents: u64) -> u64 {
            cents
        }
    }
}

fn make_call(n: u64) -> durable_runtime::orchestration::Call<charge> {
    charge(n)
}

#[orchestrator]
async fn misc(ctx: &OrchestrationContext, n: u64) -> Result<u64, E> {
    // labelled blocks, loops with break values, nested closures, shadowing
    let total = 'outer: loop {
        for i in 0..n {
            if i == 3 {
                break 'outer i;
            }
            match charge(i).await {
                Ok(1) => continue,
                Ok(_) => {}
                Err(e) => return Err(e.into()),
            }
        }
        break 7;
    };
    let x = if let Ok(y) = charge(total).await
        && y > 1
    {
        y
    } else {
        0
    };
    let charge_all = |ns: Vec<u64>| join_all(ns.into_iter().map(charge));
    let v = charge_all(vec![1, 2]).await;
    let s: u64 = v.into_iter().flatten().sum();
    let r = self::deep::er::ship(3).await?;
    let q = deep::er::ship(1).await? + self::deep::er::ship(2).await?;
    let m = make_call(2).await?;
    let Ok(z) = charge(1).await else {
        return Err(E::X);
    };
    let t = (charge(1).await?, charge(2).await?);
    let arr = [charge(1).await?, 2];
    let st = {
        struct S {
            a: u64,
        }
        S {
            a: charge(1).await?,
        }
    }
    .a;
    let future = async move {
        charge(1).await?;
        Ok::<_, E>(5)
    };
    let w = future.await?;
    let mut fut = Box::pin(async { charge(1).await });
    let first = select! { v = &mut fut => v?, () = ctx.sleep(seconds(1)) => 0 };
    while charge(1).await? > 5 {}
    let dynamic: Vec<DurableBox<'_, Result<u64, Failure>>> =
        vec![charge(1).boxed_durable(), charge(2).boxed_durable()];
    for d in dynamic {
        d.await?;
    }
    let res: Result<Vec<u64>, Failure> =
        futures::future::try_join_all((0..3).map(async |i| charge(i).await)).await;
    Ok(x + s + r + q + m + z + t.0 + arr[1] + st + w + first + res?[0])
}

#[orchestrator]
async fn unit(_ctx: &OrchestrationContext) {}

#[orchestrator]
async fn opt(_ctx: &OrchestrationContext, o: Option<u64>) -> Option<u64> {
    o
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(misc);
    registry.register(made);
    registry.register(unit);
    registry.register(opt);
    let error = registry.check().unwrap_err().to_string();
    for line in [
        "`made` calls activity `charge`",
        "`misc` calls activity `charge`",
        "`misc` calls activity `ship`",
    ] {
        assert!(error.contains(line), "{error}");
    }
    assert_eq!(error.lines().count(), 4, "{error}");
}
