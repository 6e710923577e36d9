//! Pages that are not too large for one answer.

use crate::commands::DelayedSignal;
use crate::commands::EntityPage;
use crate::commands::InstancePage;
use crate::commands::PageToken;
use crate::payload::Payload;
use crate::work::InstanceRow;

/// The most bytes of payloads on a page, unless its first row alone has more. Further rows come with
/// the next page.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// How many of `weights` fit in a page.
fn fitting(weights: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0_usize;
    let fits = |weight: &usize| {
        bytes = bytes.saturating_add(*weight);
        bytes <= PAGE_BYTES
    };
    // At least one: a row that is larger than a page must not end the list.
    weights.take_while(fits).count().max(1)
}

pub(super) fn cut_instances(mut page: InstancePage) -> InstancePage {
    let fitting = fitting(page.instances.iter().map(InstanceRow::size));
    if fitting < page.instances.len() {
        page.instances.truncate(fitting);
        page.next = page.instances.last().map(|row| PageToken(row.key));
    }
    page
}

pub(super) fn cut_signals(mut page: Vec<DelayedSignal>) -> Vec<DelayedSignal> {
    let inputs = page.iter().map(|signal| {
        let input = signal.input.as_ref();
        input.map_or(0, Payload::len)
    });
    page.truncate(fitting(inputs));
    page
}

pub(super) fn cut_entities(mut page: EntityPage) -> EntityPage {
    let states = page.entities.iter().map(|listing| {
        let state = listing.row.state.as_ref();
        state.map_or(0, Payload::len)
    });
    let fitting = fitting(states);
    if fitting < page.entities.len() {
        page.entities.truncate(fitting);
        page.next = page.entities.last().map(|listing| listing.row.id.clone());
    }
    page
}
