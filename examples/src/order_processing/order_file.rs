//! Reading orders from a CSV file.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use csv::StringRecord;
use durable_runtime::InstanceId;

use super::order::Order;
use super::order::is_date;

const HEADER: [&str; 5] = ["order_id", "customer_id", "date", "cds", "dollars"];

/// The contents of a file of orders.
#[derive(Debug, Default)]
pub struct OrderFile {
    /// The orders, in the order of the file.
    pub orders: Vec<Order>,
    /// The rows that are not orders.
    pub rejected: Vec<Rejected>,
}

impl OrderFile {
    /// Reads the first `limit` rows of the file, or all of them without a limit.
    ///
    /// # Errors
    /// [`OrderFileError`] if the file cannot be read or is not a file of orders. A malformed row is
    /// no error: it is rejected.
    pub fn read(path: &Path, limit: Option<usize>) -> Result<Self, OrderFileError> {
        let unreadable = |source: csv::Error| OrderFileError::unreadable(path, source);
        let file = File::open(path).map_err(|error| unreadable(error.into()))?;
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        if rows.byte_headers().map_err(unreadable)? != HEADER[..] {
            return Err(OrderFileError::Header {
                path: path.to_owned(),
            });
        }
        let mut read = Self::default();
        let mut lines = HashMap::new();
        for row in rows.byte_records().take(limit.unwrap_or(usize::MAX)) {
            let row = row.map_err(unreadable)?;
            let line = row.position().map_or(0, csv::Position::line);
            match order_of(row, line, &mut lines) {
                Ok(order) => read.orders.push(order),
                Err(reason) => read.rejected.push(Rejected {
                    path: path.to_owned(),
                    line,
                    reason,
                }),
            }
        }
        Ok(read)
    }
}

/// The order in a row, or what is wrong with it. `lines` knows where the ids before were found.
fn order_of(
    row: csv::ByteRecord,
    line: u64,
    lines: &mut HashMap<String, u64>,
) -> Result<Order, String> {
    let row = StringRecord::from_byte_record(row).map_err(|_| "it is not UTF-8".to_owned())?;
    let fields: Vec<&str> = row.iter().map(str::trim).collect();
    let [id, customer, date, cds, dollars] = fields[..] else {
        return Err(format!("it has {} fields, not 5", fields.len()));
    };
    InstanceId::new(id).map_err(|error| format!("order_id: {error}"))?;
    let date = Some(date).filter(|date| is_date(date));
    let order = Order {
        id: id.to_owned(),
        customer: customer.to_owned(),
        date: date.ok_or("date is not yyyy-mm-dd")?.to_owned(),
        cds: cds
            .parse()
            .map_err(|_| format!("cds is {cds:?}, not a whole number"))?,
        cents: dollars
            .parse()
            .map_err(|error| format!("dollars is {dollars:?}, {error}"))?,
    };
    match lines.insert(order.id.clone(), line) {
        Some(first) => Err(format!("order_id {id:?} stands in line {first} already")),
        None => Ok(order),
    }
}

/// A row that is not an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    path: PathBuf,
    line: u64,
    reason: String,
}

impl fmt::Display for Rejected {
    /// Writes `file:line: reason`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.reason)
    }
}

/// Why a file is not a file of orders.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderFileError {
    /// The file does not exist or cannot be read.
    #[error("failed to read the orders in `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: csv::Error,
    },
    /// The file contains something else.
    #[error("`{path}` is no file of orders: its first line is not `{}`", HEADER.join(","))]
    Header {
        /// The file.
        path: PathBuf,
    },
}

impl OrderFileError {
    fn unreadable(path: &Path, source: csv::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(rows: &str) -> OrderFile {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.csv");
        fs::write(&path, format!("{}\n{rows}", HEADER.join(","))).unwrap();
        OrderFile::read(&path, None).unwrap()
    }

    #[test]
    fn malformed_rows_are_rejected_with_line_and_reason_and_the_rest_is_read() {
        let file = read(
            "a,1,1997-01-01,2,29.33\n\
             b,1,1997-01-01,two,29.33\n\
             c,1,1997-01-01,2\n\
             d,1,1997-13-01,2,29.33\n\
             e,1,1997-01-01,2,29.333\n\
             a,1,1997-01-01,2,29.33\n\
             h,1,1997-01-01,1,0.00\n",
        );
        let ids: Vec<&str> = file.orders.iter().map(|order| order.id.as_str()).collect();
        assert_eq!(ids, ["a", "h"]);
        let rejected: Vec<String> = (file.rejected.iter())
            .map(|row| format!("{}: {}", row.line, row.reason))
            .collect();
        assert_eq!(
            rejected,
            [
                r#"3: cds is "two", not a whole number"#,
                "4: it has 4 fields, not 5",
                "5: date is not yyyy-mm-dd",
                r#"6: dollars is "29.333", not an amount of dollars and cents"#,
                r#"7: order_id "a" stands in line 2 already"#,
            ]
        );
    }

    #[test]
    fn an_id_that_cannot_be_an_instance_is_rejected() {
        let file = read("f/g,1,1997-01-01,2,29.33\n");
        assert!(file.rejected[0].reason.contains("invalid instance id"));
    }

    #[test]
    fn a_limit_counts_rows() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cdnow_orders.csv");
        assert_eq!(OrderFile::read(&data, Some(7)).unwrap().orders.len(), 7);
        assert_eq!(OrderFile::read(&data, None).unwrap().orders.len(), 6_919);
    }

    #[test]
    fn another_file_is_refused_by_its_header() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = OrderFile::read(&manifest, None).unwrap_err();
        assert!(matches!(error, OrderFileError::Header { .. }));
    }
}
