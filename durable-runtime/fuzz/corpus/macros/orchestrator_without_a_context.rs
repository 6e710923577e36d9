#[orchestrator(events(A, A, a::B), events = 1, version = '2')]
fn f(self, x: &str) -> u8 { 1 }
