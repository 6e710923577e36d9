#[activity]
async fn r#match(r#type: u8, _: u8, mut again: [u8; 2]) {}
