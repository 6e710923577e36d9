//! What does not compile, and what the compiler says about it.
//!
//! Each file under `tests/ui/<macro>/fail` is named after the mistake in it. After a change of a
//! message run with `TRYBUILD=overwrite` and read the difference.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/fail/*.rs");
}
