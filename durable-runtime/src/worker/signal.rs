//! Being told to stop.

use std::io;

/// Listens, from now on, for the wish that this process ends; the future ends when it comes. That is
/// Ctrl-C and, where there are such, SIGTERM, or on Windows Ctrl-Break, the end of the console and
/// the shutdown of the system.
///
/// [`Runtime::run_until_signal`](crate::Runtime::run_until_signal) does all that a program with
/// nothing but a runtime needs.
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
/// The system does not let this process listen.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens, from now on, for the wish that this process ends; the future ends when it comes: by
/// Ctrl-C, Ctrl-Break, the end of the console or the shutdown of the system.
///
/// # Errors
/// The system does not let this process listen.
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

/// Listens for the wish that this process ends; the future ends when it comes.
///
/// # Errors
/// None here.
#[cfg(not(any(unix, windows)))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        let _interrupted = tokio::signal::ctrl_c().await;
    })
}
