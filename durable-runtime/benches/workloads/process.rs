//! What the operating system knows of this process (Linux).

use std::fs;
use std::time::Duration;

use durable_runtime::Result;

/// Clock ticks per second in `/proc`: 100 on every Linux in use.
const TICKS_PER_SECOND: f64 = 100.0;

/// The memory in use, in MB.
pub(crate) fn resident_mb() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.unwrap_or("0").parse::<f64>()? / 1_024.0)
}

/// The processor time used so far by all threads.
pub(crate) fn processor_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The fields are counted from behind the name, which may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| -> Result<f64> {
        Ok(fields.split_whitespace().nth(at).unwrap_or("0").parse()?)
    };
    Ok(Duration::from_secs_f64(
        (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
    ))
}

/// How many fsyncs this process has made, if `fsyncs.sh` counts them: the lines of the log in which
/// strace writes each before the call returns.
pub(crate) fn fsyncs() -> Option<usize> {
    let log = std::env::var_os("WORKLOADS_FSYNC_LOG")?;
    let text = fs::read_to_string(log).ok()?;
    // A call that another thread's line cuts in two has its name and bracket in the first half only.
    Some(text.lines().filter(|line| line.contains("sync(")).count())
}
