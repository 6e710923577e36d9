#[activity]
async fn charge(cents: u64, card: Card) -> Result<Receipt, PayError> { gateway::charge(cents, &card).await }
