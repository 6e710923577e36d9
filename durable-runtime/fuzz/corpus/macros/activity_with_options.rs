#[activity(queue = "q", blocking, timeout = "10s", retry(max_attempts = 5, initial = "200ms", non_retryable = E::is_final))]
pub(crate) fn pack(shelves: State<Shelves>, ctx: ActivityContext, (a, b): Pair) -> Result<u32, E> { shelves.take(a, b) }
