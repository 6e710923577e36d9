#[derive(Event)]
#[event(name = "approval")]
pub struct Approval { by: String }
