//! How long an orchestrator compiles, beside the plain async function of the same body:
//! `cargo bench -p durable-runtime-macros --bench compile_time [AWAITS]`.
//!
//! Both are boxed as a `Send` future, so that both are checked and built in whole. A program without
//! either is subtracted: what is left is the function's own time. Times are processor time of cargo and
//! the compiler, which other work on the machine changes little.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// How often each is compiled; the least time counts.
const RUNS: usize = 5;

fn main() -> io::Result<()> {
    let given = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let awaits: usize = given.unwrap_or(200);
    let package = Package::new()?;
    println!(
        "{:<6} {:>9} {:>9} {:>13} {:>6}",
        "", "nothing", "plain", "orchestrator", "ratio"
    );
    for command in ["check", "build"] {
        let codes = [String::new(), plain(awaits), orchestrator(awaits)];
        let [nothing, plain, orchestrator] = package.compile(command, &codes)?;
        let own = |time: Duration| time.saturating_sub(nothing).as_secs_f64();
        println!(
            "{command:<6} {:>7.2} s {:>7.2} s {:>11.2} s {:>6.2}",
            nothing.as_secs_f64(),
            plain.as_secs_f64(),
            orchestrator.as_secs_f64(),
            own(orchestrator) / own(plain)
        );
    }
    Ok(())
}

fn body(awaits: usize) -> String {
    let mut body = String::from("    let mut total = cents;\n");
    for number in 0..awaits {
        let _ = writeln!(body, "    total += charge(total + {number}).await?;");
    }
    body.push_str("    Ok(total)\n");
    body
}

fn plain(awaits: usize) -> String {
    format!(
        "async fn charge(cents: u64) -> Result<u64, Failure> {{\n    Ok(cents)\n}}\n\n\
         async fn pay(cents: u64) -> Result<u64, Failure> {{\n{}}}\n\n\
         pub fn start(cents: u64) -> Pin<Box<dyn Future<Output = Result<u64, Failure>> + Send>> {{\n    \
         Box::pin(pay(cents))\n}}\n",
        body(awaits)
    )
}

fn orchestrator(awaits: usize) -> String {
    format!(
        "#[activity]\nasync fn charge(cents: u64) -> Result<u64, Failure> {{\n    Ok(cents)\n}}\n\n\
         #[orchestrator]\n\
         async fn pay(_ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {{\n{}}}\n\n\
         pub fn start(registry: &mut durable_runtime::registry::Registry) {{\n    \
         registry.register(pay);\n}}\n",
        body(awaits)
    )
}

/// A package of its own, built with the target folder of its own.
struct Package(PathBuf);

impl Package {
    fn new() -> io::Result<Self> {
        let macros = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = macros.join("../target/compile_time");
        fs::create_dir_all(folder.join("src"))?;
        let runtime = macros.join("../durable-runtime");
        let manifest = format!(
            "[package]\nname = \"compile_time\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\ndurable-runtime = {{ path = \"{}\", default-features = false }}\n",
            runtime.display()
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::copy(macros.join("../Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(Self(folder))
    }

    /// The processor time that `cargo <command>` takes for the package alone with each of `codes`.
    ///
    /// The three take turns, so that what else the machine does meets all of them.
    fn compile(&self, command: &str, codes: &[String; 3]) -> io::Result<[Duration; 3]> {
        let mut shortest = [Duration::MAX; 3];
        // The first round compiles the dependencies, and does not count.
        for run in 0..=RUNS {
            for (code, shortest) in codes.iter().zip(&mut shortest) {
                let took = self.compile_once(command, code, run)?;
                if run > 0 {
                    *shortest = took.min(*shortest);
                }
            }
        }
        Ok(shortest)
    }

    fn compile_once(&self, command: &str, code: &str, run: usize) -> io::Result<Duration> {
        let code = format!(
            "#![allow(unused_imports)]\nuse std::pin::Pin;\n\nuse durable_runtime::prelude::*;\n\n\
             pub const RUN: usize = {run};\n\n{code}"
        );
        fs::write(self.0.join("src/lib.rs"), code)?;
        let before = time_of_children()?;
        let status = Command::new("cargo")
            .args([command, "--quiet", "--offline"])
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .current_dir(&self.0)
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!("cargo {command} failed")));
        }
        Ok(time_of_children()?.saturating_sub(before))
    }
}

/// What all processes that this one has started and waited for have used of the processors.
///
/// From `/proc` of Linux, in its hundredths of a second.
fn time_of_children() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program is in parentheses and may hold anything; `cutime` and `cstime` are the
    // 14th and 15th field behind it.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).flat_map(str::parse::<u64>).sum();
    Ok(Duration::from_millis(10 * ticks))
}
