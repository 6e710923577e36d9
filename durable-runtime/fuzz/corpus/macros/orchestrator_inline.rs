#[orchestrator(inline)]
async fn pay_all<T: Price>(ctx: &OrchestrationContext, items: &[T]) -> Result<u64, PayError> { let pay = async |item: &T| charge(item.price()).await; pay(&items[0]).await }
