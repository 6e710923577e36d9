#[orchestrator]
async fn f(ctx: &OrchestrationContext) { use std::time::Instant as I; let t = I::now(); println!("{:?}", t); tokio::spawn(async {}); let m: HashMap<u8, u8> = HashMap::new(); for x in m { g(x).await; } std::thread::sleep(d); static S: u8 = 1; std::env::var("A"); }
