//! The program: from the command line to an orderly end.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use durable_runtime::http;
use durable_runtime::http::Closing;
use durable_runtime::http::Management;
use durable_runtime::worker::stop_signal;
use tokio::net::TcpListener;

use super::options::Options;
use super::service::service;
use crate::order_processing::hub::Hub;
use crate::order_processing::hub::HubError;
use crate::order_processing::program::one_line;

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
    http::serve(listener, app)
        .closing(closing)
        .until(told_to_stop)
        .await;
    Ok(())
}

fn announce(listener: &TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {address}")?;
    stdout.flush()
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
