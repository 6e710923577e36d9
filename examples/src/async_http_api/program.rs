//! The program: from the command line to an orderly end.

use std::future::IntoFuture as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::http::Closing;
use durable_runtime::http::Management;
use durable_runtime::worker::stop_signal;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::options::Options;
use super::service::service;
use crate::order_processing::hub::Hub;
use crate::order_processing::hub::HubError;
use crate::order_processing::program::one_line;

/// How long requests that are under way have at the end: whoever sends slowly holds up nobody.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the program; reports an error in one line on standard error.
///
/// Exit codes: 0 if it was told to stop, 2 if it could not start, 1 otherwise.
pub async fn main(options: &Options) -> ExitCode {
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            error.exit_code()
        }
    }
}

/// Serves until Ctrl-C or SIGTERM, and prints the address once it is ready.
///
/// # Errors
/// [`ServiceError`].
pub async fn run(options: &Options) -> Result<(), ServiceError> {
    let listener = listen(options.listen).await?;
    let hub = Hub::open(&options.db).await?;
    let client = hub.client();
    let management = Management::new(&client);
    let served = serve(
        listener,
        service(&client, &management),
        management.closing(),
    )
    .await;
    let closed = hub.close().await;
    served?;
    Ok(closed?)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServiceError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ServiceError::Listen { address, source })
}

async fn serve(listener: TcpListener, app: Router, closing: Closing) -> Result<(), ServiceError> {
    // Before it says that it is ready: whoever reads that may stop it at once.
    let told_to_stop = stop_signal().map_err(ServiceError::Serve)?;
    announce(&listener).map_err(ServiceError::Serve)?;
    let (stopping, stopped) = watch::channel(false);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(async move {
        told_to_stop.await;
        closing.close();
        stopping.send_replace(true);
    });
    tokio::select! {
        served = served.into_future() => served.map_err(ServiceError::Serve),
        () = grace(stopped) => Ok(()),
    }
}

fn announce(listener: &TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {address}")?;
    stdout.flush()
}

/// Ends when the grace that follows the wish to stop is over.
async fn grace(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stop| *stop).await.is_ok() {
        SystemClock.sleep_until(SystemClock.now() + GRACE).await;
    } else {
        // The server has ended by itself, and says why.
        std::future::pending::<()>().await;
    }
}

/// Why the service ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The program cannot listen on this address.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The hub could not be opened or closed.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// Something went wrong while serving.
    #[error("failed to serve")]
    Serve(#[source] std::io::Error),
}

impl ServiceError {
    /// Returns 2 if the program could not start, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Listen { .. } => ExitCode::from(2),
            Self::Hub(error) if error.is_start() => ExitCode::from(2),
            Self::Hub(_) | Self::Serve(_) => ExitCode::FAILURE,
        }
    }
}
