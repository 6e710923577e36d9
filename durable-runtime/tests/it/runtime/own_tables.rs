//! The user's own tables in the database of the hub.

use futures::future::try_join_all;
use sea_orm::ConnectionTrait;

use super::functions::OrderClient;
use super::hub::Hub;

#[tokio::test]
async fn own_writes_and_those_of_the_engine_never_find_the_database_locked() {
    const ROWS: u32 = 200;
    let hub = Hub::new();
    let runtime = hub.start().await;
    let database = runtime.database().unwrap();
    database
        .execute_unprepared("CREATE TABLE mine (n INTEGER PRIMARY KEY)")
        .await
        .unwrap();

    let orders = OrderClient::new(runtime.client());
    let started = try_join_all((0..ROWS).map(|_| orders.start(1).into_future()))
        .await
        .unwrap();
    let inserts = (0..ROWS).map(|n| {
        let (database, insert) = (&database, format!("INSERT INTO mine VALUES ({n})"));
        async move { database.execute_unprepared(&insert).await }
    });
    try_join_all(inserts).await.unwrap();
    for order in started {
        order.result().await.unwrap();
    }
    runtime.shutdown().await.unwrap();
}
