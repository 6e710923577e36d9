//! An order, and what happens to it.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::Error;

use super::money::Cents;
use super::money::dollars;

/// An order as it was placed. Its JSON has the names of the columns of the order file:
/// `{"order_id":"1","customer_id":"7","date":"1997-01-01","cds":2,"dollars":"29.33"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id; also the id of its orchestration.
    #[serde(rename = "order_id")]
    pub id: String,
    /// The customer.
    #[serde(rename = "customer_id")]
    pub customer: String,
    /// The date, `yyyy-mm-dd`.
    #[serde(deserialize_with = "date")]
    pub date: String,
    /// How many CDs.
    pub cds: u32,
    /// Their price.
    #[serde(rename = "dollars", with = "dollars")]
    pub cents: Cents,
}

/// Reads a date and leaves it as it is.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_date(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!(
            "date is {text:?}, not yyyy-mm-dd"
        )))
    }
}

/// Whether a text has the form of a date.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |text: &str, digits: usize| match text.parse::<u32>() {
        Ok(number) if text.len() == digits => number,
        _ => 0,
    };
    let [year, month, day] = parts[..] else {
        return false;
    };
    number(year, 4) > 0
        && (1..=12).contains(&number(month, 2))
        && (1..=31).contains(&number(day, 2))
}

impl Order {
    /// Orders above this many CDs need an approval.
    pub const LARGE: u32 = 20;

    /// Returns whether somebody has to approve the order.
    pub fn needs_approval(&self) -> bool {
        self.cds > Self::LARGE
    }
}

/// The receipt: the customer has paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The order.
    pub order_id: String,
    /// The charged amount.
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

/// The shipment that the customer gets: the output of the orchestration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// How many CDs.
    pub cds: u32,
    /// Their price.
    pub cents: Cents,
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        r#"{"order_id":"1","customer_id":"7","date":"1997-01-01","cds":2,"dollars":"29.33"}"#;

    #[test]
    fn the_json_of_an_order_is_read_and_written_the_same() {
        let order: Order = serde_json::from_str(JSON).unwrap();
        assert_eq!(order.cents, Cents(2_933));
        assert_eq!(serde_json::to_string(&order).unwrap(), JSON);
    }

    #[test]
    fn what_is_wrong_with_an_order_is_told() {
        for (right, wrong, told) in [
            ("\"29.33\"", "29.33", "expected a string"),
            ("29.33", "29.333", "dollars is \"29.333\", not an amount"),
            (
                "1997-01-01",
                "1997-13-01",
                "date is \"1997-13-01\", not yyyy-mm-dd",
            ),
            ("\"cds\":2", "\"cds\":-2", "invalid value: integer `-2`"),
            ("order_id", "id", "missing field `order_id`"),
        ] {
            let read = serde_json::from_str::<Order>(&JSON.replace(right, wrong));
            let error = read.unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
