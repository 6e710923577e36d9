//! The base of links: where callers reach the API.

use axum::extract::OriginalUri;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;

/// The beginning of links, without a `/` at the end: `https://shop.example/durable`, or `/durable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base(String);

impl Base {
    /// Creates a base from this URL or path.
    pub(super) fn new(base: &str) -> Self {
        Self(base.trim_end_matches('/').to_owned())
    }

    /// Creates a base from a request: the authority to which it was sent, and the path above the
    /// router. Without a valid authority, the base is the path alone, so links are relative references.
    pub(super) fn of_request(parts: &Parts) -> Self {
        let original = parts.extensions.get::<OriginalUri>();
        let original = original.map_or(&parts.uri, |OriginalUri(uri)| uri);
        let inner = parts.uri.path();
        // Where the app has nested this router: axum cuts that off the inner path.
        let prefix = original.path().strip_suffix(inner).unwrap_or_default();
        let origin = authority(original, parts).map(|authority| {
            let scheme = original.scheme_str().unwrap_or("http");
            format!("{scheme}://{authority}")
        });
        Self::new(&format!("{}{prefix}", origin.unwrap_or_default()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn authority(uri: &Uri, parts: &Parts) -> Option<Authority> {
    let host = || parts.headers.get(header::HOST)?.to_str().ok()?.parse().ok();
    let authority = uri.authority().cloned().or_else(host)?;
    // What stands before an `@` would be a user, and no part of where this is.
    (!authority.as_str().contains('@')).then_some(authority)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn base(host: Option<&str>, original: &str, inner: &str) -> String {
        let mut request = Request::get(inner);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts
            .extensions
            .insert(OriginalUri(original.parse().unwrap()));
        Base::of_request(&parts).as_str().to_owned()
    }

    #[test]
    fn a_link_begins_with_where_the_request_was_sent() {
        let nested = |host| base(host, "/durable/instances?top=1", "/instances?top=1");
        assert_eq!(nested(Some("shop:8080")), "http://shop:8080/durable");
        assert_eq!(nested(Some("user@shop")), "/durable");
        assert_eq!(nested(Some("a b")), "/durable");
        assert_eq!(nested(None), "/durable");
        assert_eq!(base(None, "/instances", "/instances"), "");
        let absolute = base(Some("other"), "https://shop/d/instances", "/instances");
        assert_eq!(absolute, "https://shop/d");
    }
}
