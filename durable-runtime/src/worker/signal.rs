//! The signals that tell a process to stop.

use std::io;

/// Listens, from now on, for the request to end this process. The future completes when the request
/// comes: Ctrl-C; on Unix also SIGTERM; on Windows also Ctrl-Break, the closing of the console and
/// the shutdown of the system.
///
/// A program that consists only of a runtime can call
/// [`Runtime::run_until_signal`](crate::Runtime::run_until_signal) instead.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # async fn serve(until: impl Future<Output = ()>) { until.await }
/// # async fn example(runtime: Runtime) -> durable_runtime::Result<()> {
/// serve(durable_runtime::worker::stop_signal()?).await;
/// runtime.shutdown().await
/// # }
/// ```
///
/// # Errors
/// An error if the system does not let this process listen.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    // Registered here and not in the future below: a signal counts from the call on, and not from
    // the first poll.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens, from now on, for the request to end this process. The future completes when the request
/// comes: Ctrl-C, Ctrl-Break, the closing of the console or the shutdown of the system.
///
/// # Errors
/// An error if the system does not let this process listen.
#[cfg(windows)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::windows::ctrl_break;
    use tokio::signal::windows::ctrl_c;
    use tokio::signal::windows::ctrl_close;
    use tokio::signal::windows::ctrl_shutdown;

    let (mut interrupt, mut leave) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut shutdown) = (ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = leave.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}

/// Listens for the request to end this process; the future completes when it comes.
///
/// # Errors
/// None on this platform.
#[cfg(not(any(unix, windows)))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        let _interrupted = tokio::signal::ctrl_c().await;
    })
}
