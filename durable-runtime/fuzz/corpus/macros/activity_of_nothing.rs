#[activity]
fn
