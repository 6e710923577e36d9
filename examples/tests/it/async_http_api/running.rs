//! The program as a whole: how it begins and how it ends.

use std::io::Write;

use super::service::Service;
use super::service::program;

const ORDER: &str =
    r#"{"order_id":"order-1","customer_id":"7","date":"1997-01-01","cds":30,"dollars":"440.10"}"#;

#[test]
fn an_order_waits_while_the_service_is_down_and_is_approved_afterwards() {
    let program = program();
    let service = Service::start(&program);
    assert_eq!(service.post("/orders", ORDER).status, 202);
    service.stop();

    let service = Service::start(&program);
    let path = "/durable/instances/order-1";
    let approval = service.post(
        &format!("{path}/raiseEvent/Approval"),
        r#"{"approved":true}"#,
    );
    assert_eq!(approval.status, 202, "{}", approval.body);
    // The stream ends with the instance.
    let stream = service.get(&format!("{path}/events"));
    assert!(stream.body.contains("Completed"), "{}", stream.body);
    let status = service.get(path);
    assert_eq!(status.status, 200);
    let output = r#""customStatus":"Approved","output":{"cds":30,"cents":44010}"#;
    assert!(status.body.contains(output), "{}", status.body);
    service.stop();
    assert_eq!(program.logs(), [""; 0]);
}

#[test]
fn an_order_is_started_by_the_name_of_its_orchestrator_without_a_key() {
    let program = program();
    let service = Service::start(&program);
    let order = ORDER.replace("30", "2");
    let path = "/durable/orchestrators/process_order/order-1?timeout=60";
    let reply = service.post(path, &order);
    assert_eq!(
        (reply.status, &*reply.body),
        (200, r#"{"cds":2,"cents":44010}"#)
    );
    let level = service.get("/inventory/record");
    assert_eq!(level.status, 200);
    assert_eq!(level.body, r#"{"article":"record","pieces":5}"#);
}

#[test]
fn it_ends_though_clients_hold_connections_and_never_finish_what_they_ask() {
    let program = program();
    let service = Service::start(&program);
    assert_eq!(service.post("/orders", ORDER).status, 202);
    let unfinished = [
        "",
        "GET /durable/instances HTTP/1.1\r\nhost: loc",
        "POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 90\r\n\r\n{\"order",
        "GET /durable/instances/order-1/events HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ];
    let connections = unfinished.map(|text| {
        let mut connection = service.connect();
        connection.write_all(text.as_bytes()).unwrap();
        connection
    });
    service.stop();
    drop(connections);
}

#[test]
fn where_it_cannot_begin_it_says_why_in_one_line() {
    let taken = Service::start(&program());
    let address = taken.address.as_str();
    let told = format!("error: failed to listen on {address}: ");
    for (arguments, told) in [
        (["--listen", address], &*told),
        (["--db", "mongodb://somewhere"], "error: "),
        (
            ["--db", "memory:"],
            "error: the shop's tables need a database",
        ),
    ] {
        let others = ["--listen", "127.0.0.1:0"];
        let arguments = if arguments[0] == "--db" {
            [others, arguments].concat()
        } else {
            arguments.to_vec()
        };
        let run = program().run(arguments);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert_eq!(run.stdout, "");
        assert!(run.stderr.starts_with(told), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    let run = program().run(["--listen", "nowhere"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("--listen <ADDR>"), "{}", run.stderr);
}
