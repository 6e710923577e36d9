//! What no client is made of.

use std::sync::Arc;

use durable_runtime::Client;
use durable_runtime::client::HttpCommands;
use durable_runtime::client::HttpConfigError;

const KEY: &str = "config-0123456789-0123456789-0123456789";

#[test]
fn a_url_that_the_api_cannot_be_at_is_refused() {
    for url in [
        "",
        "shop.example/durable",
        "ftp://shop.example",
        "unix:/run/durable",
        "https://",
        "https://shop.example/durable?key=1",
        "https://shop.example/durable#top",
        "https://ada@shop.example",
        "https://ada:pass-word@shop.example",
        "https://shop.example:99999",
        "https://a b",
    ] {
        let error = Client::http(url, KEY).unwrap_err();
        assert!(matches!(error, HttpConfigError::Url { .. }), "{url}");
        assert!(!format!("{error:?} {error}").contains("pass-word"));
    }
}

#[test]
fn a_key_goes_in_clear_to_this_machine_only_unless_that_is_said() {
    for url in ["http://shop.example", "http://10.0.0.1:80", "http://[::2]"] {
        let error = Client::http(url, KEY).unwrap_err();
        assert!(matches!(error, HttpConfigError::KeyInClear { .. }), "{url}");
        let said = HttpCommands::builder(url).key(KEY).key_in_clear().build();
        said.unwrap();
        HttpCommands::builder(url).build().unwrap();
    }
    for url in [
        "http://localhost:8080/durable/",
        "http://127.0.0.1",
        "http://[::1]:80",
        "https://shop.example/durable",
    ] {
        Client::http(url, KEY).unwrap();
    }
}

#[test]
fn a_key_that_no_header_can_have_is_refused() {
    for key in ["", "a b", "a\r\nx: y", "k\u{e9}y", "\u{0}"] {
        let error = Client::http("https://shop.example", key).unwrap_err();
        assert!(matches!(error, HttpConfigError::Key), "{key:?}");
    }
}

#[test]
fn the_key_is_not_shown_by_debug() {
    let builder = HttpCommands::builder("https://shop.example/durable").key(KEY);
    let shown = format!("{builder:?}");
    let commands = builder.build().unwrap();
    let client = Client::new(Arc::new(commands.clone()));
    let shown = format!("{shown} {commands:?} {client:?} {:?}", client.instances());
    assert!(!shown.contains(KEY), "{shown}");
    assert!(shown.contains("has_key: true"), "{shown}");
    assert!(shown.contains("https://shop.example/durable"), "{shown}");
}
