#[activity]
struct S;
