//! Statements over many rows, in sizes that are powers of two.
//!
//! A connection prepares each text once. With a text for every number of rows there would be no end
//! of them; so rows are written in groups of 128, 64, … 1, and lists of numbers are filled up with
//! their last one.

use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::Select;
use sea_orm::Value;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::InsertStatement;

/// The most rows of one statement: few enough for the limits on parameters of every database.
pub(super) const MOST: usize = 128;

/// Inserts rows. `into` names the table, the columns and what to do on a conflict.
pub(super) async fn insert<C: ConnectionTrait>(
    db: &C,
    into: &InsertStatement,
    rows: Vec<Vec<Value>>,
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        // The largest first: 200 rows are one statement with 128, one with 64 and one with 8.
        let size = group_size(rows.len());
        let mut statement = into.clone();
        for row in rows.by_ref().take(size) {
            let values = row.into_iter().map(Expr::value);
            statement
                .values(values)
                .map_err(|problem| DbErr::Custom(problem.to_string()))?;
        }
        db.execute(&statement).await?;
    }
    Ok(())
}

/// The largest group that `rows` rows fill.
fn group_size(rows: usize) -> usize {
    let fits = rows.min(MOST);
    1 << fits.ilog2()
}

/// Lists of numbers for `IN`, each filled up to a power of two, none longer than [`MOST`].
pub(super) fn lists<T: Copy + Into<Value>>(numbers: &[T]) -> impl Iterator<Item = Vec<Value>> {
    numbers.chunks(MOST).map(list)
}

/// A list of numbers for `IN`, filled up to a power of two.
pub(super) fn list<T: Copy + Into<Value>>(numbers: &[T]) -> Vec<Value> {
    let mut values: Vec<Value> = numbers.iter().map(|number| (*number).into()).collect();
    if let Some(last) = values.last().cloned() {
        // The same number twice finds the same row once.
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// The row of a query that finds one at most.
///
/// `Select::one` adds `LIMIT ?`, and `SQLite` plans a statement anew whenever the parameter of a
/// limit is bound (`sqlite3ExprIsInteger`): half the cost of a lookup.
pub(super) async fn only<E: EntityTrait, C: ConnectionTrait>(
    db: &C,
    query: Select<E>,
) -> Result<Option<E::Model>, DbErr> {
    Ok(query.all(db).await?.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_filled_up_with_their_last_number() {
        let values: Vec<_> = [1_i64, 1, 2, 3, 3].into_iter().map(Value::from).collect();
        assert_eq!(list::<i64>(&[]), []);
        assert_eq!(list(&[1_i64]), values[..1]);
        assert_eq!(list(&[1_i64, 2, 3]), values[1..]);
        assert_eq!(
            lists(&vec![7_i64; MOST + 3])
                .map(|list| list.len())
                .collect::<Vec<_>>(),
            [128, 4]
        );
    }

    #[test]
    fn groups_are_powers_of_two() {
        let sizes = [1, 2, 3, 100, 127, 128, 129, 1_000].map(group_size);
        assert_eq!(sizes, [1, 2, 2, 64, 64, 128, 128, 128]);
    }
}
