//! The program on a disk that is full, and has room again.

use std::process::Command;

use super::service::Service;
use super::service::program;

fn order(n: u32) -> String {
    format!(
        r#"{{"order_id":"order-{n}","customer_id":"7","date":"1997-01-01","cds":2,"dollars":"29.33"}}"#
    )
}

#[test]
fn every_order_that_was_accepted_is_there_when_there_is_room_again_and_no_other() {
    let program = program();
    let service = Service::run(program.limited(600, Service::ARGUMENTS));
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    let mut n = 0;
    while refused.len() < 3 {
        n += 1;
        let reply = service.post("/orders", &order(n));
        match reply.status {
            202 => accepted.push(n),
            503 => refused.push(n),
            _ => panic!("{reply:?}"),
        }
    }
    assert!(!accepted.is_empty());

    let lift = ["--fsize=unlimited:", "--pid", &service.pid()];
    assert!(
        Command::new("prlimit")
            .args(lift)
            .status()
            .unwrap()
            .success()
    );
    for n in n + 1..n + 20 {
        assert_eq!(service.post("/orders", &order(n)).status, 202);
        accepted.push(n);
    }
    for n in accepted {
        let ended = service.get(&format!("/durable/instances/order-{n}/events"));
        assert!(ended.body.contains("Completed"), "order-{n}: {ended:?}");
    }
    for n in refused {
        let absent = service.get(&format!("/durable/instances/order-{n}"));
        assert_eq!(absent.status, 404, "order-{n}: {absent:?}");
    }
    service.stop();
    assert_eq!(program.logs(), [""; 0]);
}
