//! The state that all routes share.

use std::sync::Arc;

use governor::DefaultDirectRateLimiter;
use serde_json::Map;
use serde_json::Value;

use super::base::Base;
use super::closing::Closing;
use super::guard::Guard;
use super::limits::HttpLimits;
use super::links::Links;
use super::places::Places;
use super::problem::Problem;
use crate::commands::Commands;

/// The state that all routes share. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) commands: Arc<dyn Commands>,
    pub(super) guard: Guard,
    pub(super) limits: Arc<HttpLimits>,
    pub(super) closing: Closing,
    /// Where callers reach the router. If absent, the request says it.
    pub(super) base: Option<Base>,
    pub(super) rate: Option<Arc<DefaultDirectRateLimiter>>,
    pub(super) waiting: Places,
    /// The members of the description in OpenAPI.
    pub(super) description: Arc<Map<String, Value>>,
}

impl Api {
    /// Links that begin with `base`.
    pub(super) fn links(&self, base: Base) -> Links {
        Links::new(base, self.guard.signing.clone())
    }

    /// Counts a request, unless there were too many.
    pub(super) fn count(&self) -> Result<(), Problem> {
        match &self.rate {
            Some(rate) if rate.check().is_err() => {
                Err(Problem::too_many("there are too many requests to this hub"))
            }
            _ => Ok(()),
        }
    }
}
