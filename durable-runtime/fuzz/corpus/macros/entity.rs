#[entity(name = "account", version = "2", init = Account::opened, migrate_from = Old)]
impl Account { fn opened() -> Self { Self::default() } pub async fn withdraw(&mut self, ctx: &EntityContext, amount: u64) -> Result<u64, E> { Account::at(ctx.key()).signal_deposit(1).await?; Ok(self.balance) } #[read_only] fn compare(&self, other: Self) -> Option<Self> { Some(other) } }
