//! What comes out of all orders.

use super::hub::Hub;
use super::hub::assert_figures;

#[tokio::test]
async fn orders_above_20_cds_wait_for_an_approval_and_go_on_in_a_later_run() {
    let hub = Hub::new();

    let without = hub.summary(&["--approver", "none"]);
    assert_figures(
        &without,
        &[
            ("completed", "6902"),
            ("failed", "8"),
            ("waiting", "9"),
            ("charges", "6911"),
        ],
    );
    let again = hub.summary(&["--approver", "none"]);
    assert_figures(
        &again,
        &[
            ("completed", "6902"),
            ("waiting", "9"),
            ("steps_per_second", "0.0"),
        ],
    );

    let approved = hub.summary(&[]);
    hub.assert_complete(&approved).await;

    let at_the_end = hub.summary(&[]);
    hub.assert_complete(&at_the_end).await;
    assert_figures(&at_the_end, &[("steps_per_second", "0.0")]);
}
