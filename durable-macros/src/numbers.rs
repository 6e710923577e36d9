//! Values of options: durations, counts and factors, checked where they are written.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;
use syn::ExprLit;
use syn::Lit;
use syn::LitStr;
use syn::UnOp;
use syn::parse::ParseStream;

use crate::determinism::Rule;

const UNITS: &str = "write a whole number and a unit: \"200ms\", \"10s\", \"5m\", \"2h\" or \"1d\"";

/// Reads a duration such as `"200ms"`; zero is refused.
pub(crate) fn duration(input: ParseStream<'_>) -> syn::Result<Duration> {
    let value: Expr = input.parse()?;
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = &value
    else {
        return Err(Rule::OptionValue.error(value, "a duration must be a string", UNITS));
    };
    duration_of(text)
}

fn duration_of(literal: &LitStr) -> syn::Result<Duration> {
    let text = literal.value();
    let refused =
        |problem: &str| Rule::OptionValue.error(literal, format_args!("`{text}` {problem}"), UNITS);
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(refused("is not a duration")),
    };
    let number: u64 = number.parse().map_err(|_| refused("is not a duration"))?;
    match number.checked_mul(millis) {
        None => Err(refused("is too long")),
        Some(0) => Err(refused("is too short: a duration must be longer than zero")),
        Some(millis) => Ok(Duration::from_millis(millis)),
    }
}

/// The tokens that build `duration`.
pub(crate) fn duration_tokens(duration: Duration) -> TokenStream {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}

/// Reads a whole number of at least 1.
pub(crate) fn count<N>(input: ParseStream<'_>, option: &str) -> syn::Result<N>
where
    N: std::str::FromStr + PartialOrd + From<u8>,
{
    let value: Expr = input.parse()?;
    let refused = || {
        let what = format!("`{option}` must be a whole number greater than 0");
        Rule::OptionValue.error(
            &value,
            what,
            format!("write `{option} = 1` or a larger number"),
        )
    };
    let Expr::Lit(ExprLit {
        lit: Lit::Int(literal),
        ..
    }) = &value
    else {
        return Err(refused());
    };
    match literal.base10_digits().parse::<N>() {
        Ok(number) if number >= N::from(1) => Ok(number),
        _ => Err(refused()),
    }
}

/// Reads a number for which `accept` holds; `range` says which those are, and `example` is one.
pub(crate) fn factor(
    input: ParseStream<'_>,
    range: &str,
    example: &str,
    accept: impl Fn(f64) -> bool,
) -> syn::Result<f64> {
    let value: Expr = input.parse()?;
    match float_of(&value) {
        Some(number) if accept(number) => Ok(number),
        _ => {
            let help = format!("write a number in this range, such as {example}");
            Err(Rule::OptionValue.error(value, range, help))
        }
    }
}

fn float_of(value: &Expr) -> Option<f64> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(literal) => literal.base10_parse().ok(),
            Lit::Float(literal) => literal.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            float_of(&unary.expr).map(|number| -number)
        }
        _ => None,
    }
}
