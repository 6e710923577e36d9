//! The answers to requests that the shop cannot do.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use durable_runtime::Failure;
use durable_runtime::InstanceId;
use durable_runtime::client::ClientError;
use durable_runtime::client::OperationError;
use serde::Serialize;

/// Why a request to the shop was not done.
#[derive(Debug)]
pub enum Problem {
    /// The body is not an order.
    Body(JsonRejection),
    /// Another order has this id.
    Taken {
        /// The id.
        id: InstanceId,
    },
    /// The hub refused or failed.
    Client(ClientError),
    /// The inventory refused or failed.
    Inventory(OperationError<Failure>),
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::Body(rejection)
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<OperationError<Failure>> for Problem {
    fn from(error: OperationError<Failure>) -> Self {
        match error {
            OperationError::Client(error) => Self::Client(error),
            error => Self::Inventory(error),
        }
    }
}

/// The members of RFC 9457 that the shop has something to say in.
#[derive(Debug, Serialize)]
struct Details {
    status: u16,
    title: &'static str,
    detail: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            // JSON that is no order is as bad a request as what is no JSON.
            Self::Body(rejection) => match rejection.status() {
                StatusCode::UNPROCESSABLE_ENTITY => {
                    respond(StatusCode::BAD_REQUEST, rejection.body_text())
                }
                status => respond(status, rejection.body_text()),
            },
            Self::Taken { id } => respond(
                StatusCode::CONFLICT,
                format!("there is another order `{id}` already"),
            ),
            Self::Client(error) => error.into_response(),
            Self::Inventory(error) => respond(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
}

fn respond(status: StatusCode, detail: String) -> Response {
    let details = Details {
        status: status.as_u16(),
        title: status.canonical_reason().unwrap_or("Error"),
        detail,
    };
    (status, Json(details)).into_response()
}
