//! Money as whole cents: sums of it are exact.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// An amount of money in cents.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl fmt::Display for Cents {
    /// Writes dollars, exactly: `29.33`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|cents| cents.0).sum())
    }
}

impl FromStr for Cents {
    type Err = InvalidAmount;

    /// Reads dollars with at most two digits after the point, without a detour over floats.
    fn from_str(dollars: &str) -> Result<Self, Self::Err> {
        let (whole, fraction) = dollars.split_once('.').unwrap_or((dollars, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
            return Err(InvalidAmount);
        }
        let cents = format!("{whole}{fraction:0<2}").parse();
        cents.map(Self).map_err(|_| InvalidAmount)
    }
}

/// The JSON of an amount in dollars: `#[serde(with = "dollars")]` writes it as text, `"29.33"`, so
/// that no reader takes it for a float.
pub mod dollars {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error;

    use super::Cents;

    /// Writes dollars.
    ///
    /// # Errors
    /// The error of the serializer.
    pub fn serialize<S: Serializer>(cents: &Cents, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(cents)
    }

    /// Reads dollars.
    ///
    /// # Errors
    /// An error if it is not text, or not an amount of dollars and cents.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cents, D::Error> {
        let text = String::deserialize(deserializer)?;
        let told = |error| D::Error::custom(format!("dollars is {text:?}, {error}"));
        text.parse().map_err(told)
    }
}

/// The text is not an amount of dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of dollars and cents")]
pub struct InvalidAmount;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_exactly() {
        let read = |text: &str| text.parse::<Cents>().map(|cents| cents.0);
        assert_eq!(read("29.33"), Ok(2933));
        assert_eq!(read("7"), Ok(700));
        assert_eq!(read("7.5"), Ok(750));
        assert_eq!(read("0.07"), Ok(7));
        for wrong in [
            "",
            ".5",
            "-1.00",
            "1.234",
            "1,5",
            "ten",
            "99999999999999999999",
        ] {
            assert_eq!(read(wrong), Err(InvalidAmount), "{wrong}");
        }
    }

    #[test]
    fn dollars_are_written_exactly() {
        let total: Cents = [Cents(29), Cents(1), Cents(24_409_164)].into_iter().sum();
        assert_eq!(total.to_string(), "244091.94");
        assert_eq!(Cents(-5).to_string(), "-0.05");
    }
}
