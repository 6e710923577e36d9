#[derive(Event)]
#[event(nmae = 1, name)]
enum E<'a, const N: usize> where [(); N]: Sized { A(&'a u8), B { c: u8 } = 1 }
