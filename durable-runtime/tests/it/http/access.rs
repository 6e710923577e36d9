//! Who may do what: every route with every kind of credential.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use durable_runtime::InstanceId;
use durable_runtime::http::Access;
use durable_runtime::http::Action;
use durable_runtime::http::Authorizer;
use durable_runtime::http::Decision;
use durable_runtime::http::Key;
use durable_runtime::http::LinkSecret;
use durable_runtime::http::Links;
use durable_runtime::http::Management;
use durable_runtime::http::Scope;
use durable_runtime::http::Target;

use super::server::Server;

const READER: &str = "reader-0123456789-0123456789-0123456789";
const STARTER: &str = "starter-0123456789-0123456789-0123456789";
const RAISER: &str = "raiser-0123456789-0123456789-0123456789";
const MANAGER: &str = "manager-0123456789-0123456789-0123456789";

/// A route, the scope it needs, and the link of the payload that allows it.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    scope: Scope,
    link: Option<fn(&Links, &InstanceId) -> String>,
    /// The answer once it is let in.
    good: u16,
}

const fn route(method: &'static str, path: &'static str, scope: Scope, good: u16) -> Route {
    Route {
        method,
        path,
        scope,
        link: None,
        good,
    }
}

/// A command of a client over HTTP: no link opens it.
const fn command(path: &'static str, scope: Scope, good: u16) -> Route {
    route("COMMAND", path, scope, good)
}

const fn linked(
    method: &'static str,
    path: &'static str,
    scope: Scope,
    good: u16,
    link: fn(&Links, &InstanceId) -> String,
) -> Route {
    Route {
        link: Some(link),
        ..route(method, path, scope, good)
    }
}

/// Every route. What a route says to those it lets in needs no instance: it is about who is let in.
pub(super) const ROUTES: &[Route] = &[
    route("POST", "/orchestrators/nothing", Scope::Start, 400),
    route("POST", "/orchestrators/nothing/ID", Scope::Start, 400),
    route("GET", "/instances", Scope::Read, 200),
    route("DELETE", "/instances", Scope::Manage, 400),
    route("GET", "/counts", Scope::Read, 200),
    route("GET", "/instances/", Scope::Read, 200),
    route("DELETE", "/instances/", Scope::Manage, 400),
    linked("GET", "/instances/ID", Scope::Read, 404, |links, id| {
        links.payload(id).status_query_get_uri
    }),
    linked(
        "GET",
        "/instances/ID/events",
        Scope::Read,
        404,
        |links, id| links.payload(id).status_query_get_uri,
    ),
    linked(
        "DELETE",
        "/instances/ID",
        Scope::Manage,
        404,
        |links, id| links.payload(id).purge_history_delete_uri,
    ),
    linked(
        "POST",
        "/instances/ID/raiseEvent/go",
        Scope::Event,
        404,
        |links, id| links.payload(id).send_event_post_uri,
    ),
    linked(
        "POST",
        "/instances/ID/terminate",
        Scope::Manage,
        404,
        |links, id| links.payload(id).terminate_post_uri,
    ),
    linked(
        "POST",
        "/instances/ID/cancel",
        Scope::Manage,
        404,
        |links, id| links.payload(id).cancel_post_uri,
    ),
    linked(
        "POST",
        "/instances/ID/suspend",
        Scope::Manage,
        404,
        |links, id| links.payload(id).suspend_post_uri,
    ),
    linked(
        "POST",
        "/instances/ID/resume",
        Scope::Manage,
        404,
        |links, id| links.payload(id).resume_post_uri,
    ),
    linked(
        "POST",
        "/instances/ID/rewind",
        Scope::Manage,
        404,
        |links, id| links.payload(id).rewind_post_uri,
    ),
    linked(
        "POST",
        "/instances/ID/restart",
        Scope::Manage,
        400,
        |links, id| links.payload(id).restart_post_uri,
    ),
    route("GET", "/entities", Scope::Read, 200),
    route("GET", "/entities/", Scope::Read, 200),
    route("GET", "/entities/Nothing", Scope::Read, 200),
    route("GET", "/entities/Nothing/ID", Scope::Read, 404),
    route("POST", "/entities/Nothing/ID?op=add", Scope::Event, 404),
    route("DELETE", "/entities/Nothing/ID", Scope::Manage, 404),
    command("start?name=nothing&id=ID", Scope::Start, 400),
    command("lanes", Scope::Read, 200),
    command("raise?id=ID", Scope::Event, 400),
    command("terminate?id=ID", Scope::Manage, 400),
    command("cancel?id=ID", Scope::Manage, 400),
    command("suspend?id=ID", Scope::Manage, 400),
    command("resume?id=ID", Scope::Manage, 400),
    command("restart?id=ID", Scope::Manage, 400),
    command("purge?id=ID", Scope::Manage, 400),
    command("purge_many", Scope::Manage, 400),
    command("instance?id=ID", Scope::Read, 404),
    command("changed?id=ID", Scope::Read, 400),
    command("history?id=ID", Scope::Read, 400),
    command("unread_events?id=ID", Scope::Read, 404),
    command("unread_count?id=ID", Scope::Read, 404),
    command("instances", Scope::Read, 400),
    command("count", Scope::Read, 400),
    command("entity_send?name=Nothing&key=ID", Scope::Event, 400),
    command("entity_delete?name=Nothing&key=ID", Scope::Manage, 400),
    command("entity_answer?name=Nothing&key=ID", Scope::Read, 400),
    command("delayed_signals?name=Nothing&key=ID", Scope::Read, 400),
    command("signal_withdraw?name=Nothing&key=ID", Scope::Manage, 400),
    command("entity?name=Nothing&key=ID", Scope::Read, 200),
    command("entities?name=Nothing", Scope::Read, 400),
    route("GET", "/openapi.json", Scope::Read, 200),
];

fn key_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => READER,
        Scope::Start => STARTER,
        Scope::Event => RAISER,
        _ => MANAGER,
    }
}

/// A server with a key for each scope, and the links that it gives.
async fn server() -> (Server, Links) {
    let mut links = None;
    let server = Server::with("memory:", |management| {
        let keys = Scope::ALL.map(|scope| Key::new(key_of(scope), [scope]).unwrap());
        let management = keys.into_iter().fold(management, Management::key);
        let management = management
            .link_secret(LinkSecret::new([7; 32]))
            .link_lifetime(Duration::from_hours(1));
        links = Some(management.links());
        management
    })
    .await;
    (server, links.unwrap())
}

/// The status for a request from afar, or from here.
async fn status(
    server: &Server,
    request: &Route,
    id: &str,
    code: Option<&str>,
    key: Option<&str>,
    peer: [u8; 4],
) -> u16 {
    let (method, prefix) = match request.method {
        "COMMAND" => ("POST", "/durable/commands/1/"),
        method => (method, "/durable"),
    };
    let mut path = format!("{prefix}{}", request.path.replace("ID", id));
    if let Some(code) = code {
        let mark = if path.contains('?') { '&' } else { '?' };
        path = format!("{path}{mark}code={code}");
    }
    let mut http = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        http = http.header("authorization", format!("Bearer {key}"));
    }
    let http = http.extension(ConnectInfo(SocketAddr::from((peer, 50_000))));
    let reply = server.send_as_is(http.body(Body::empty()).unwrap()).await;
    if reply.status == 401 {
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    if reply.status >= 400 {
        let message = reply.message();
        assert!(key.is_none_or(|key| !message.contains(key)), "{message}");
    }
    reply.status
}

fn code_of(url: &str) -> &str {
    url.split_once("code=").unwrap().1
}

const AFAR: [u8; 4] = [203, 0, 113, 7];
const HERE: [u8; 4] = [127, 0, 0, 1];

#[tokio::test]
async fn every_route_lets_in_its_own_key_and_no_other() {
    let (server, _) = server().await;
    for route in ROUTES {
        let about = format!("{} {}", route.method, route.path);
        for peer in [AFAR, HERE] {
            assert_eq!(
                status(&server, route, "o-1", None, None, peer).await,
                401,
                "none: {about}"
            );
            let bad = "x".repeat(40);
            assert_eq!(
                status(&server, route, "o-1", None, Some(&bad), peer).await,
                401,
                "bad: {about}"
            );
            let hash = Key::hash(key_of(route.scope));
            assert_eq!(
                status(&server, route, "o-1", None, Some(&hash), peer).await,
                401,
                "hash: {about}"
            );
        }
        for scope in Scope::ALL {
            let expected = if scope == route.scope {
                route.good
            } else {
                403
            };
            let found = status(&server, route, "o-1", None, Some(key_of(scope)), AFAR).await;
            assert_eq!(found, expected, "{scope:?}: {about}");
        }
        let in_url = status(&server, route, "o-1", Some(key_of(route.scope)), None, AFAR).await;
        assert_eq!(in_url, 401, "a key in a URL: {about}");
    }
}

#[tokio::test]
async fn every_link_is_good_for_its_own_instance_verb_and_time() {
    let (server, links) = server().await;
    let (own, other) = (
        InstanceId::new("o-1").unwrap(),
        InstanceId::new("o-2").unwrap(),
    );
    let of_routes = ROUTES
        .iter()
        .filter_map(|route| Some((route, route.link?(&links, &own))));
    let of_routes: Vec<_> = of_routes.collect();
    for route in ROUTES {
        let about = format!("{} {}", route.method, route.path);
        for (linked, url) in &of_routes {
            // One link allows both to read and to follow the status.
            let fits = route
                .link
                .is_some_and(|link| code_of(&link(&links, &own)) == code_of(url));
            let expected = if fits { route.good } else { 401 };
            let found = status(&server, route, "o-1", Some(code_of(url)), None, AFAR).await;
            assert_eq!(
                found, expected,
                "the link of {} {}: {about}",
                linked.method, linked.path
            );
        }
        if let Some(link) = route.link {
            let wrong = link(&links, &other);
            let found = status(&server, route, "o-1", Some(code_of(&wrong)), None, AFAR).await;
            assert_eq!(found, 401, "another instance's link: {about}");
            let found = status(&server, route, "o-2", Some(code_of(&wrong)), None, AFAR).await;
            assert_eq!(found, route.good, "its own instance: {about}");
            let good = link(&links, &own);
            let cut = &code_of(&good)[..code_of(&good).len() - 2];
            for forged in [cut, "1.AAAA", "99999999999.AAAA", "%00", ""] {
                let found = status(&server, route, "o-1", Some(forged), None, AFAR).await;
                assert_eq!(found, 401, "`{forged}`: {about}");
            }
        }
    }
    server.clock.advance(Duration::from_secs(3_599));
    for (route, url) in &of_routes {
        let found = status(&server, route, "o-1", Some(code_of(url)), None, AFAR).await;
        assert_eq!(found, route.good, "before its end: {}", route.path);
    }
    server.clock.advance(Duration::from_secs(1));
    for (route, url) in &of_routes {
        let found = status(&server, route, "o-1", Some(code_of(url)), None, AFAR).await;
        assert_eq!(found, 401, "after its end: {}", route.path);
        let with_key = status(
            &server,
            route,
            "o-1",
            Some(code_of(url)),
            Some(key_of(route.scope)),
            AFAR,
        );
        assert_eq!(
            with_key.await,
            route.good,
            "with a key besides: {}",
            route.path
        );
    }
}

#[tokio::test]
async fn a_start_hands_out_links_and_a_status_keeps_its_own() {
    let (server, _) = server().await;
    let start = Request::post("/durable/orchestrators/approved_order/o-1")
        .header("x-functions-key", STARTER)
        .header("host", "shop.example")
        .body(Body::from("3"));
    let started = server.send_as_is(start.unwrap()).await;
    assert_eq!(started.status, 202);
    assert_eq!(started.header("cache-control"), Some("no-store"));
    let location = started.header("location").unwrap();
    let path = location.strip_prefix("http://shop.example").unwrap();
    server.until("o-1", |row| row.custom_status.is_some()).await;
    let look = Request::get(path)
        .header("host", "shop.example")
        .body(Body::empty());
    let looked = server.send_as_is(look.unwrap()).await;
    assert_eq!(
        (looked.status, looked.header("location")),
        (202, Some(location))
    );

    let json = started.json();
    let terminate = json["terminatePostUri"]
        .as_str()
        .unwrap()
        .replace("{text}", "enough");
    let terminate = Request::post(terminate).body(Body::empty());
    assert_eq!(server.send_as_is(terminate.unwrap()).await.status, 202);
}

#[tokio::test]
async fn without_keys_only_this_machine_is_served() {
    let server = Server::start().await;
    let ask = |peer: &str, headers: &[(&str, &str)]| {
        let mut request = Request::get("/durable/instances");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !peer.is_empty() {
            let peer: SocketAddr = peer.parse().unwrap();
            request = request.extension(ConnectInfo(peer));
        }
        server.send_as_is(request.body(Body::empty()).unwrap())
    };
    let here = "127.0.0.1:9";
    for (peer, headers, expected) in [
        (here, vec![], 200),
        ("127.8.8.8:9", vec![], 200),
        ("[::1]:9", vec![("host", "[::1]:8080")], 200),
        ("[::ffff:127.0.0.1]:9", vec![("host", "localhost")], 200),
        (here, vec![("origin", "http://localhost:3000")], 200),
        ("", vec![], 403),
        ("203.0.113.7:9", vec![], 403),
        ("192.168.1.7:9", vec![], 403),
        ("[2001:db8::1]:9", vec![], 403),
        ("[::ffff:10.0.0.1]:9", vec![], 403),
        (here, vec![("x-forwarded-for", "127.0.0.1")], 403),
        (here, vec![("forwarded", "for=127.0.0.1")], 403),
        (here, vec![("x-real-ip", "127.0.0.1")], 403),
        (here, vec![("via", "1.1 proxy")], 403),
        (here, vec![("host", "evil.example")], 403),
        (here, vec![("origin", "http://evil.example")], 403),
        (here, vec![("origin", "null")], 403),
    ] {
        let reply = ask(peer, &headers).await;
        assert_eq!(reply.status, expected, "{peer} {headers:?}");
        if expected == 403 {
            assert!(
                reply
                    .message()
                    .contains("without keys only this machine is served"),
                "{}",
                reply.message()
            );
        }
    }
    assert!(
        ask("", &[])
            .await
            .message()
            .contains("into_make_service_with_connect_info")
    );
}

#[tokio::test]
async fn without_keys_the_absolute_form_of_a_target_counts_as_its_host() {
    let server = Server::start().await;
    for (target, expected) in [
        ("http://localhost:8080/durable/instances", 200),
        ("http://evil.example/durable/instances", 403),
    ] {
        let peer = SocketAddr::from(([127, 0, 0, 1], 9));
        let request = Request::get(target).header("host", "localhost:8080");
        let request = request.extension(ConnectInfo(peer)).body(Body::empty());
        let reply = server.send_as_is(request.unwrap()).await;
        assert_eq!(reply.status, expected, "{target}");
    }
}

/// Lets a user in that a header names, for what begins with that name.
#[derive(Debug)]
struct ByName;

#[async_trait]
impl Authorizer for ByName {
    async fn authorize(&self, access: Access<'_>) -> Decision {
        let Some(user) = access
            .parts
            .headers
            .get("x-user")
            .and_then(|user| user.to_str().ok())
        else {
            return Decision::Unauthenticated;
        };
        match access.target {
            Target::Instance(id) if id.as_str().starts_with(user) => Decision::Allow,
            Target::Entity(id) if id.key().starts_with(user) => Decision::Allow,
            Target::Orchestrator { name, .. } if name.starts_with(user) => Decision::Allow,
            _ if access.action == Action::ListInstances => Decision::Allow,
            _ => Decision::Forbidden,
        }
    }
}

#[tokio::test]
async fn an_authorizer_of_ones_own_decides_on_action_and_target() {
    let server = Server::with("memory:", |management| management.authorizer(ByName)).await;
    let ask = |method: &str, path: &str, user: Option<&str>| {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/durable{path}"));
        if let Some(user) = user {
            request = request.header("x-user", user);
        }
        let request = request.extension(ConnectInfo(SocketAddr::from((HERE, 9))));
        server.send_as_is(request.body(Body::empty()).unwrap())
    };
    for (method, path, user, expected) in [
        ("GET", "/instances/ada-1", None, 401),
        ("GET", "/instances/ada-1", Some("ada"), 404),
        ("GET", "/instances/ben-1", Some("ada"), 403),
        ("GET", "/instances", Some("ada"), 200),
        ("DELETE", "/instances", Some("ada"), 403),
        ("GET", "/entities", Some("ada"), 403),
        ("GET", "/entities/Stock/ada", Some("ada"), 404),
        ("POST", "/orchestrators/ada", Some("ada"), 400),
        ("POST", "/orchestrators/ben", Some("ada"), 403),
    ] {
        let reply = ask(method, path, user).await;
        assert_eq!(reply.status, expected, "{method} {path} {user:?}");
    }
}

#[tokio::test]
async fn no_secret_is_shown_by_debug() {
    let (server, links) = server().await;
    let key = Key::new(MANAGER, Scope::ALL).unwrap();
    let management = Management::new(server.client())
        .key(key)
        .link_secret(LinkSecret::new([171; 32]));
    let payload = links.payload(&InstanceId::new("o-1").unwrap());
    let shown = format!(
        "{management:?} {:?} {links:?} {payload:?}",
        management.links()
    );
    let code = code_of(&payload.status_query_get_uri);
    for secret in [MANAGER, &Key::hash(MANAGER), "171", code] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn that_only_this_machine_is_served_is_said_once() {
    let (server, log) = (Server::start().await, Log::default());
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || written.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let open = Management::new(server.client());
        let [_one, _other] = [open.router(), open.router()];
        let key = Key::new(MANAGER, Scope::ALL).unwrap();
        let _closed = Management::new(server.client()).key(key).router();
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        log.matches("it serves this machine alone").count(),
        1,
        "{log}"
    );
}

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
