//! Decides whether to let a request in.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::extract::OriginalUri;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;

use super::access::Access;
use super::access::Authorizer;
use super::access::Decision;
use super::access::Target;
use super::capability::LinkCheck;
use super::capability::Verb;
use super::key;
use super::key::Key;
use super::links::Signing;
use super::problem::Problem;
use crate::clock::Timestamp;

/// Decides who may do what. It lets a request in if the request's key, its link, or the user's own
/// authorizer permits it.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) keys: Arc<[Key]>,
    pub(super) authorizer: Option<Arc<dyn Authorizer>>,
    pub(super) signing: Option<Signing>,
}

/// How long a request that was let in may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    ForGood,
    /// Until its link ends.
    Until(Timestamp),
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("keys", &self.keys.len())
            .field("authorizer", &self.authorizer)
            .finish_non_exhaustive()
    }
}

impl Guard {
    /// Whether there is neither a key nor an authorizer. Then only this machine is let in.
    pub(super) fn is_open_to_loopback(&self) -> bool {
        self.keys.is_empty() && self.authorizer.is_none()
    }

    /// Lets a request in, or says why not. `code` is that of its link.
    pub(super) async fn check(
        &self,
        access: Access<'_>,
        code: Option<&str>,
    ) -> Result<Admitted, Problem> {
        // First: a link is good by itself, whatever key comes with it.
        let by_link = code.map(|code| self.link(access, code));
        if let Some(LinkCheck::Good { until }) = by_link {
            return Ok(Admitted::Until(until));
        }
        // There are neither keys nor an authorizer: whoever is on this machine may do all.
        if self.is_open_to_loopback() {
            return check_loopback(access.parts).map(|()| Admitted::ForGood);
        }
        let scope = access.action.scope();
        let mut forbidden = None;
        if let Some(key) =
            bearer(&access.parts.headers).and_then(|text| key::find(&self.keys, text))
        {
            if key.allows(scope) {
                return Ok(Admitted::ForGood);
            }
            // Not yet refused: the user's authorizer may know better.
            forbidden = Some(format!("the key does not have the scope {scope:?}"));
        }
        if let Some(authorizer) = &self.authorizer {
            match authorizer.authorize(access).await {
                Decision::Allow => return Ok(Admitted::ForGood),
                Decision::Forbidden => forbidden = Some("this is not allowed".to_owned()),
                Decision::Unauthenticated => {}
            }
        }
        Err(match (forbidden, by_link) {
            (Some(why), _) => Problem::new(StatusCode::FORBIDDEN, why),
            (None, Some(LinkCheck::Expired)) => unauthorized("the link has expired"),
            (None, Some(_)) => {
                unauthorized("the code of the link is not for this instance and request")
            }
            (None, None) => unauthorized(
                "a valid key is needed, as `Authorization: Bearer …`, or a link with a code",
            ),
        })
    }

    fn link(&self, access: Access<'_>, code: &str) -> LinkCheck {
        match (&self.signing, access.target, Verb::of(access.action)) {
            (Some(signing), Target::Instance(id), Some(verb)) => {
                signing.secret.check(code, verb, id, signing.clock.now())
            }
            _ => LinkCheck::Forged,
        }
    }
}

fn unauthorized(why: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, why)
}

/// The key that a request carries: as a bearer token, or as tools of Durable Functions send it. A key
/// in the URL does not count, because URLs end up in logs.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let bearer = || {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    };
    // The header that clients of Durable Functions send.
    let function_key = || headers.get("x-functions-key")?.to_str().ok();
    bearer().or_else(function_key)
}

/// Lets in requests from this machine itself: from a loopback address, through no proxy, and not from
/// a foreign web page in a browser on this machine.
fn check_loopback(parts: &Parts) -> Result<(), Problem> {
    let refused = |why| Err(Problem::new(StatusCode::FORBIDDEN, why));
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return refused(
            "the address of the peer is not known, and without keys only this machine is served: serve the app with `durable_runtime::http::serve`, or with `into_make_service_with_connect_info::<SocketAddr>()`, or give keys",
        );
    };
    // `::ffff:127.0.0.1` is this machine as well.
    if !peer.ip().to_canonical().is_loopback() {
        return refused("without keys only this machine is served");
    }
    let proxied = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    // A proxy on this machine makes everybody look like this machine.
    if proxied.iter().any(|name| parts.headers.contains_key(*name)) {
        return refused(
            "this came through a proxy, and without keys only this machine is served: give keys",
        );
    }
    let host = parts
        .headers
        .get(header::HOST)
        .map(|host| host.to_str().unwrap_or_default());
    // The absolute form of a request says it in the first line, which then counts instead of `Host`.
    let original = parts.extensions.get::<OriginalUri>();
    let original = original.map_or(&parts.uri, |OriginalUri(uri)| uri);
    let authority = original.authority().map(Authority::as_str);
    // A web page can have its own name resolve to this machine; its requests still carry that name.
    if host.into_iter().chain(authority).any(|host| !is_here(host)) {
        return refused(
            "the host is not this machine, and without keys only this machine is served",
        );
    }
    let origin = parts
        .headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default());
    // A page may post to `localhost` without reading the answer, and the post would count.
    if origin.is_some_and(|origin| !is_origin_here(origin)) {
        return refused(
            "this came from a web page of another host, and without keys only this machine is served",
        );
    }
    Ok(())
}

fn is_origin_here(origin: &str) -> bool {
    let uri: Option<Uri> = origin.parse().ok();
    uri.is_some_and(|uri| {
        uri.authority()
            .is_some_and(|authority| is_here(authority.as_str()))
    })
}

/// Whether an authority is a name that only this machine uses for itself.
fn is_here(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let is_loopback = |ip: std::net::IpAddr| ip.to_canonical().is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::is_here;
    use super::is_origin_here;

    #[test]
    fn only_names_of_this_machine_are_here() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:80",
        ] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "a b",
        ] {
            assert!(!is_here(host), "{host}");
        }
        assert!(is_origin_here("http://localhost:3000"));
        for origin in ["null", "http://evil.example", "file:///tmp"] {
            assert!(!is_origin_here(origin), "{origin}");
        }
    }
}
