//! Keeps D108, D109.

use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Relay {
    sent: u64,
}

#[entity]
impl Relay {
    async fn forward(&mut self, ctx: &EntityContext, to: Vec<String>) -> Result<u64, Failure> {
        let mut signals = Vec::new();
        for key in to {
            signals.push(Relay::at(key).signal_received(1));
        }
        for signal in signals {
            signal.await?;
        }
        Relay::at("log").signal_received(1).after(minutes(5)).await?;
        let noted = async { Relay::at("notes").signal_received(2).await };
        noted.await?;
        self.count(1).await;
        Self::count(self, 1).await;
        let _ = (ctx.now(), std::time::SystemTime::now());
        #[allow_nondeterminism(D109, reason = "a file of the tests, which is always there")]
        let _ = std::fs::exists("/");
        Ok(self.sent)
    }

    async fn count(&mut self, n: u64) {
        self.sent += n;
    }

    fn received(&mut self, n: u64) {
        self.sent += n;
    }
}

pub(crate) fn main() {
    let _call = Relay::at("main").forward(vec!["a".to_owned()]);
}
