//! Continuation tokens: opaque text that names the last row of a page.

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::openapi::ResponseBuilder;

use super::describe;
use super::describe::Description;
use super::problem::Problem;
use crate::commands::PageToken;
use crate::ids::EntityId;
use crate::ids::InstanceKey;

/// The header that carries the token, both ways.
pub(super) const CONTINUATION: HeaderName = HeaderName::from_static("x-ms-continuation-token");

/// The last row of a page. A token names the row by its content, so it stays valid whatever others
/// write in between, even if they delete that row.
pub(super) trait Token: Sized {
    fn text(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl Token for PageToken {
    fn text(&self) -> String {
        // A letter first, so that a token of another list is told from a mistake in this one.
        format!("i{}", self.0)
    }

    fn read(text: &str) -> Option<Self> {
        let key = text.strip_prefix('i')?.parse().ok()?;
        Some(Self(InstanceKey(key)))
    }
}

impl Token for EntityId {
    fn text(&self) -> String {
        // The first line break ends the name, since keys may have some.
        format!("e{}\n{}", self.name(), self.key())
    }

    fn read(text: &str) -> Option<Self> {
        let (name, key) = text.strip_prefix('e')?.split_once('\n')?;
        Some(Self::new(name, key))
    }
}

/// The token that a request gives.
pub(super) fn read<T: Token>(headers: &HeaderMap) -> Result<Option<T>, Problem> {
    let Some(value) = headers.get(CONTINUATION).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = URL_SAFE_NO_PAD.decode(value.as_bytes()).ok();
    let text = text.and_then(|text| String::from_utf8(text).ok());
    let token = text.and_then(|text| T::read(&text));
    let message = "the header x-ms-continuation-token does not come from this list: leave it out to begin anew";
    token.ok_or_else(|| Problem::bad_request(message)).map(Some)
}

/// The token as a header.
pub(super) fn write<T: Token>(token: &T) -> Option<HeaderValue> {
    HeaderValue::from_str(&URL_SAFE_NO_PAD.encode(token.text())).ok()
}

impl Description {
    /// Adds the parameters of a list.
    pub(super) fn page(self) -> Self {
        let top =
            "The number of rows on a page: 100 by default, and at most what the server allows.";
        let token = "Where to continue: the value of this header in the previous answer.";
        self.query("top", describe::count(), top)
            .request_header(CONTINUATION.as_str(), token)
    }
}

/// The response with a page.
pub(super) fn described(page: ResponseBuilder) -> ResponseBuilder {
    let token = "Where the next page begins; absent on the last page.";
    let header = describe::optional_header(describe::string(), token);
    page.header(CONTINUATION.as_str(), header.build())
}
