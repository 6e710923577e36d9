#[derive(Event)]
union U { a: u8 }
