//! An order, and what becomes of it.

use serde::Deserialize;
use serde::Serialize;

use super::money::Cents;

/// An order as it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id; also the id of its orchestration.
    pub id: String,
    /// Who placed it.
    pub customer: String,
    /// When, `yyyy-mm-dd`.
    pub date: String,
    /// How many CDs.
    pub cds: u32,
    /// What they cost.
    pub cents: Cents,
}

impl Order {
    /// Orders above this many CDs need an approval.
    pub const LARGE: u32 = 20;

    /// Whether somebody has to approve it.
    pub fn needs_approval(&self) -> bool {
        self.cds > Self::LARGE
    }
}

/// That the customer has paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The order.
    pub order_id: String,
    /// What was charged.
    pub cents: Cents,
}

/// A packed CD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The order.
    pub order_id: String,
    /// Which of the order's CDs, from 1.
    pub cd: u32,
}

/// What the customer gets: the output of the orchestration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// How many CDs.
    pub cds: u32,
    /// What they cost.
    pub cents: Cents,
}
