//! Who is let in.

use axum::Router;
use durable_runtime::Client;
use durable_runtime::Runtime;
use durable_runtime::client::ClientError;
use durable_runtime::http::Key;
use durable_runtime::http::Management;
use durable_runtime::http::Scope;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;

use super::functions::AccountClient;
use super::listener::Counted;
use super::listener::Listener;
use super::listener::api;
use super::listener::hub;
use super::scenario::until;
use crate::http::functions::ApprovedOrderClient;
use crate::http::functions::OrderClient;

const READER: &str = "reader-0123456789-0123456789-0123456789";
const STARTER: &str = "starter-0123456789-0123456789-0123456789";
const RAISER: &str = "raiser-0123456789-0123456789-0123456789";
const MANAGER: &str = "manager-0123456789-0123456789-0123456789";
const NOBODY: &str = "nobody-0123456789-0123456789-0123456789";

fn with_keys(runtime: &Runtime) -> Router {
    let keys = [
        (READER, Scope::Read),
        (STARTER, Scope::Start),
        (RAISER, Scope::Event),
        (MANAGER, Scope::Manage),
    ];
    let keys = keys.map(|(text, scope)| Key::new(text, [scope]).unwrap());
    let management = Management::new(runtime.client());
    api(keys.into_iter().fold(management, Management::key))
}

fn is_unauthorized(error: &ClientError) -> bool {
    matches!(error, ClientError::Unauthorized { .. })
}

fn is_forbidden(error: &ClientError) -> bool {
    matches!(error, ClientError::Forbidden { .. })
}

async fn starting(client: &Client) -> ClientError {
    OrderClient::new(client).start(1).await.unwrap_err()
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_gets_nothing_done() {
    let runtime = hub().await;
    let listener = Listener::start(with_keys(&runtime)).await;
    let nobody = listener.client_with(NOBODY);
    for client in [&nobody, &listener.client()] {
        let error = starting(client).await;
        assert!(is_unauthorized(&error), "{error:?}");
        let error = client.instances().count().await.unwrap_err();
        assert!(is_unauthorized(&error), "{error:?}");
        let error = client.commands().lanes().await.unwrap_err();
        assert!(is_unauthorized(&error));
    }
    assert_eq!(runtime.client().instances().count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_key_does_what_its_scope_allows_and_no_more() {
    let runtime = hub().await;
    let listener = Listener::start(with_keys(&runtime)).await;
    let [reader, starter, raiser, manager] =
        [READER, STARTER, RAISER, MANAGER].map(|key| listener.client_with(key));

    for client in [&reader, &raiser, &manager] {
        let error = starting(client).await;
        assert!(is_forbidden(&error), "{error:?}");
    }
    assert_eq!(reader.instances().count().await.unwrap(), 0);

    let order = ApprovedOrderClient::new(&starter).start(2).id("o-1").await;
    let id = order.unwrap().id().clone();
    let of = |client: &Client| {
        client
            .instance(id.clone())
            .of::<crate::http::functions::approved_order>()
    };
    let error = of(&starter).result().await.unwrap_err();
    assert!(
        matches!(&error, ResultError::Client(error) if is_forbidden(error)),
        "{error:?}"
    );
    until(&reader, &id, |row| row.custom_status.is_some()).await;

    let approval = || crate::http::functions::Approval {
        by: "Ada".to_owned(),
    };
    for client in [&reader, &starter, &manager] {
        let error = of(client).raise(approval()).await.unwrap_err();
        assert!(is_forbidden(&error), "{error:?}");
    }
    for client in [&reader, &starter, &raiser] {
        for error in [
            of(client).terminate("x").await.unwrap_err(),
            of(client).cancel().await.unwrap_err(),
            of(client).suspend().await.unwrap_err(),
            of(client).resume().await.unwrap_err(),
            of(client).restart().await.unwrap_err(),
            client.instances().purge().await.unwrap_err(),
        ] {
            assert!(is_forbidden(&error), "{error:?}");
        }
    }
    of(&raiser).raise(approval()).await.unwrap();
    assert_eq!(of(&reader).result().await.unwrap(), "Ada");
    assert_eq!(manager.instances().purge().await.unwrap(), 1);
}

#[tokio::test]
async fn what_an_operation_returns_is_for_those_who_may_read() {
    let runtime = hub().await;
    let listener = Listener::start(with_keys(&runtime)).await;
    let [reader, raiser] = [READER, RAISER].map(|key| listener.client_with(key));
    let account = AccountClient::new(&raiser, "ada");
    account.signal_deposit(5).await.unwrap();
    let error = account.balance().await.unwrap_err();
    assert!(
        matches!(&error, OperationError::Client(error) if is_forbidden(error)),
        "{error:?}"
    );
    let error = AccountClient::new(&reader, "ada").deposit(1).await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, OperationError::Client(error) if is_forbidden(error)),
        "{error:?}"
    );
    // What is refused is not done either.
    let error = account.deposit(1).await.unwrap_err();
    assert!(
        matches!(&error, OperationError::Client(error) if is_forbidden(error)),
        "{error:?}"
    );
    let owner = AccountClient::new(runtime.client(), "ada");
    assert_eq!(owner.balance().await.unwrap(), 5);
}

#[tokio::test]
async fn whoever_may_start_may_not_replace_or_raise_by_that() {
    let runtime = hub().await;
    let listener = Listener::start(with_keys(&runtime)).await;
    let [starter, manager] = [STARTER, MANAGER].map(|key| listener.client_with(key));
    let orders = ApprovedOrderClient::new(&starter);
    let order = orders.start(2).id("o-1").await.unwrap();
    let id = order.id().clone();
    let statuses = [InstanceStatus::Pending, InstanceStatus::Running];
    let replacing = orders.start(3).id("o-1");
    let error = replacing.if_exists(IfExists::Replace(statuses.to_vec()));
    let error = error.await.unwrap_err();
    assert!(is_forbidden(&error), "{error:?}");
    let approval = crate::http::functions::Approval {
        by: "Ada".to_owned(),
    };
    let using = orders.start(2).id("o-1").if_exists(IfExists::Use);
    let error = using.event(approval).await.unwrap_err();
    assert!(is_forbidden(&error), "{error:?}");
    // Without either it is the same as another start.
    let used = orders.start(2).id("o-1").if_exists(IfExists::Use).await;
    assert_eq!(used.unwrap().id(), &id);
    // Whoever may manage may not start a copy by that.
    let of = manager
        .instance(id.clone())
        .of::<crate::http::functions::approved_order>();
    let copy = InstanceId::new("o-2").unwrap();
    let error = of.restart().id(copy).await.unwrap_err();
    assert!(is_forbidden(&error), "{error:?}");
    assert_eq!(runtime.client().instances().count().await.unwrap(), 1);
    let row = runtime.client().commands().instance(&id).await.unwrap();
    assert!(!row.status.is_terminal());
}

#[tokio::test]
async fn one_dedup_id_for_two_accounts_brings_each_its_own_answer() {
    let runtime = hub().await;
    let listener = Listener::of(&runtime).await;
    let client = listener.client();
    for round in 0..50 {
        let [ada, bob] = ["ada", "bob"].map(|key| AccountClient::new(&client, key));
        let id = format!("t-{round}");
        let to_ada = ada.deposit(1).dedup_id(&id).into_future();
        let to_bob = bob.deposit(100).dedup_id(&id).into_future();
        let (of_ada, of_bob) = tokio::join!(to_ada, to_bob);
        assert_eq!(of_ada.unwrap(), round + 1);
        assert_eq!(of_bob.unwrap(), 100 * (round + 1));
    }
}

#[tokio::test]
async fn a_key_that_is_withdrawn_ends_the_wait_of_its_client() {
    let runtime = hub().await;
    let key = |text| Management::new(runtime.client()).key(Key::new(text, Scope::ALL).unwrap());
    let seen = Counted::default();
    let listener = Listener::start(seen.around(api(key(NOBODY)))).await;
    let client = listener.client_with(NOBODY);
    let order = ApprovedOrderClient::new(client).start(2).await.unwrap();
    let result = tokio::spawn(async move { order.result().await });
    seen.until(3).await;
    let address = listener.stop().await;
    let _listener = Listener::start_at(address, api(key(MANAGER))).await;
    let error = result.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, ResultError::Client(error) if is_unauthorized(error)),
        "{error:?}"
    );
}
