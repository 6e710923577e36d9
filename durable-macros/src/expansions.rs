//! Snapshots of what is emitted, under `tests/expansions`.
//!
//! After a change run with `INSTA_UPDATE=always` and read the difference.

use proc_macro2::TokenStream;

type Expand = fn(TokenStream, &TokenStream) -> TokenStream;

fn check(name: &str, expand: Expand, options: &str, item: &str) {
    let expansion = expand(options.parse().unwrap(), &item.parse().unwrap());
    let file = syn::parse2(expansion).unwrap();
    insta::with_settings!({
        snapshot_path => "../tests/expansions",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, prettyplease::unparse(&file));
    });
}

#[test]
fn an_activity_without_options() {
    let item = r#"
        /// Says hello.
        pub async fn greet(name: String) -> String {
            format!("Hello, {name}")
        }
    "#;
    check("activity", crate::activity::expand, "", item);
}

#[test]
fn a_blocking_activity_with_injected_parameters() {
    let options = r#"
        queue = "warehouse", blocking, timeout = "10s",
        retry(max_attempts = 5, initial = "200ms", non_retryable = PackError::is_final)
    "#;
    let item = "
        fn pack(shelves: State<Shelves>, ctx: ActivityContext, (a, b): Pair) -> Result<u32, PackError> {
            shelves.take(a, b, ctx.idempotency_key())
        }
    ";
    check("blocking_activity", crate::activity::expand, options, item);
}

#[test]
fn an_orchestrator() {
    let options = r#"version = "2", status = Stage, events(Approval, Refusal)"#;
    let item = "
        pub(crate) async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<String, PayError> {
            ctx.set_status(Stage::Waiting);
            select! {
                approval = ctx.wait_for::<Approval>() => ctx.set_status(check(approval).await?),
                _ = ctx.sleep(hours(48)) => return Err(PayError::TimedOut),
            }
            let (charged, ()) = try_join!(bank::charge(cents), async { note(cents).await })?;
            Ok(charged)
        }
    ";
    check("orchestrator", crate::orchestrator::expand, options, item);
}

#[test]
fn an_inline_helper() {
    let item = "
        async fn pay_all<T: Price>(ctx: &OrchestrationContext, items: &[T]) -> Result<u64, PayError> {
            let pay = async |item: &T| charge(item.price()).await;
            pay(&items[0]).await
        }
    ";
    check("inline_helper", crate::orchestrator::expand, "inline", item);
}

#[test]
fn an_orchestrator_with_mistakes() {
    let item = "
        fn pay(card: &str) -> u64 {
            card.len() as u64
        }
    ";
    check(
        "orchestrator_with_mistakes",
        crate::orchestrator::expand,
        "vresion = \"2\"",
        item,
    );
}

#[test]
fn an_entity() {
    let options = r#"name = "account", version = "2", init = Account::opened, migrate_from = Old"#;
    let item = "
        impl Account {
            /// The first state.
            fn opened() -> Self {
                Self::default()
            }

            /// Takes from the balance.
            pub async fn withdraw(
                &mut self,
                ctx: &EntityContext,
                amount: u64,
            ) -> Result<u64, AccountError> {
                Account::at(ctx.key()).signal_deposit(1).await?;
                self.log().await;
                Ok(self.balance)
            }

            pub(crate) async fn log(&mut self) {}

            #[read_only]
            fn compare(&self, other: Self) -> Option<Self> {
                Some(other)
            }
        }
    ";
    check("entity", crate::entity::expand, options, item);
}

#[test]
fn an_entity_with_mistakes() {
    let item = "
        impl Account {
            fn new(self, name: &str) -> u64 {
                name.len() as u64
            }

            fn rename(&mut self, name: &str) {
                self.name = name.to_owned();
            }
        }
    ";
    check(
        "entity_with_mistakes",
        crate::entity::expand,
        "vresion = \"2\"",
        item,
    );
}
