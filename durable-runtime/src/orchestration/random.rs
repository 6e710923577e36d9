//! Random values that are the same on every replay.

/// A type that [`random`](super::OrchestrationContext::random) can make from 64 random bits:
/// unsigned numbers and `bool` from their whole range, `f64` from 0 up to but not including 1.
pub trait Random: sealed::Sealed {
    /// Makes a value from `bits`.
    fn from_bits(bits: u64) -> Self;
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody else is to implement `Random`")]
    pub trait Sealed {}
}

macro_rules! random {
    ($($ty:ty: |$bits:ident| $value:expr;)+) => {$(
        impl sealed::Sealed for $ty {}

        impl Random for $ty {
            fn from_bits($bits: u64) -> Self {
                $value
            }
        }
    )+};
}

random! {
    u64: |bits| bits;
    u32: |bits| {
        let [a, b, c, d, ..] = bits.to_be_bytes();
        Self::from_be_bytes([a, b, c, d])
    };
    u16: |bits| {
        let [a, b, ..] = bits.to_be_bytes();
        Self::from_be_bytes([a, b])
    };
    u8: |bits| bits.to_be_bytes()[0];
    bool: |bits| bits >> 63 == 1;
    // The bits fill the fraction of a number from 1 to 2.
    f64: |bits| Self::from_bits((1023 << 52) | (bits >> 12)) - 1.0;
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_fraction_is_below_one() {
        assert!(<f64 as Random>::from_bits(u64::MAX) < 1.0);
        assert!(<f64 as Random>::from_bits(0).abs() < f64::EPSILON);
        assert!((<f64 as Random>::from_bits(1 << 63) - 0.5).abs() < f64::EPSILON);
    }
}
