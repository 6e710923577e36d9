#[activity(tiemout = "1 day", timeout = 5)]
fn pack<T>(self, ref name: &str, ..) -> impl Sized where T: Copy {}
