#[entity(vresion = 2)]
impl<T> Trait for Account<T> { const X: u8 = 1; type Y = u8; mac!{} fn new(self, name: &str) -> u64 { 1 } fn a<T>(&self) {} #[read_only] fn b(&mut self) {} fn c() {} fn state(&mut self) {} }
