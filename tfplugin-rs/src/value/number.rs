//! Terraform's numbers: decimals of any size and precision.
//!
//! Terraform parses numbers from decimal text with 512 bits of precision and compares what a provider sends back exactly, so a
//! round trip through `f64` breaks plans ("planned value does not match config value" for 0.1).

use std::{fmt, str::FromStr};

use bigdecimal::{BigDecimal, ToPrimitive, num_bigint::BigInt};

/// A decimal number of any size and precision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

/// Text that is not a decimal number, or a number that no decimal can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Neither an integer nor a decimal fraction, with or without exponent.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// Infinity and NaN have no decimal form.
    #[error("an infinite number has no decimal form")]
    NotFinite,
}

/// An exponent beyond this would expand to more digits than any Terraform value can carry.
const LARGEST_EXPONENT: i64 = 100_000;

/// Longer text is no number a person or a program meant, and parsing takes time quadratic in its length.
const LONGEST_TEXT: usize = 100_000;

impl Number {
    /// The number as `i64`, if it is a whole number in range.
    pub fn to_i64(&self) -> Option<i64> {
        if self.0.is_integer() { self.0.to_i64() } else { None }
    }

    /// The number as `u64`, if it is a whole number in range.
    pub fn to_u64(&self) -> Option<u64> {
        if self.0.is_integer() { self.0.to_u64() } else { None }
    }

    /// The number as `f64`, only if no digit is lost.
    pub fn to_f64_exact(&self) -> Option<f64> {
        // `BigDecimal::to_f64` rounds 9.01066507169736e139 to its neighbour; the standard library rounds correctly.
        let float: f64 = self.0.to_scientific_notation().parse().ok()?;
        (Number::try_from(float).ok()? == *self).then_some(float)
    }

    /// The digits in plain decimal notation, without an exponent: the wire format's string form.
    pub fn to_plain_string(&self) -> String {
        self.0.to_plain_string()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_plain_string())
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NumberError::NotANumber(text.chars().take(80).collect());
        // `BigDecimal` reads `1_000`; Terraform does not.
        if text.len() > LONGEST_TEXT || text.contains('_') {
            return Err(refused());
        }
        let number = BigDecimal::from_str(text).map_err(|_| refused())?;
        let (_, scale) = number.as_bigint_and_exponent();
        if scale.unsigned_abs() > LARGEST_EXPONENT.unsigned_abs() {
            return Err(refused());
        }
        Ok(Number(number.normalized()))
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Number(BigDecimal::from(number).normalized())
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Number(BigDecimal::new(BigInt::from(number), 0).normalized())
    }
}

impl TryFrom<f64> for Number {
    type Error = NumberError;

    /// The exact value of the float: 0.1 becomes the 55-digit decimal that the nearest binary fraction is.
    fn try_from(float: f64) -> Result<Self, Self::Error> {
        BigDecimal::try_from(float)
            .map(|number| Number(number.normalized()))
            .map_err(|_| NumberError::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_without_binary_form_is_not_a_float() {
        assert_eq!("0.1".parse::<Number>().unwrap().to_f64_exact(), None);
        assert_eq!("1.5".parse::<Number>().unwrap().to_f64_exact(), Some(1.5));
    }

    #[test]
    fn every_finite_float_is_one_exactly() {
        for float in [9.010_665_071_697_36e139, f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.1, 0.0] {
            assert_eq!(Number::try_from(float).unwrap().to_f64_exact(), Some(float));
        }
        assert_eq!("1e400".parse::<Number>().unwrap().to_f64_exact(), None);
        assert_eq!("1e-400".parse::<Number>().unwrap().to_f64_exact(), None);
    }

    #[test]
    fn numbers_beyond_64_bits_keep_every_digit() {
        let text = "9223372036854775808";
        let number: Number = text.parse().unwrap();
        assert_eq!(number.to_i64(), None);
        assert_eq!(number.to_plain_string(), text);
        assert_eq!(
            "1e40".parse::<Number>().unwrap().to_plain_string(),
            format!("1{}", "0".repeat(40))
        );
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        assert_eq!("1.50".parse::<Number>(), "15e-1".parse::<Number>());
        assert_eq!("100".parse::<Number>().unwrap(), Number::from(100_i64));
    }

    #[test]
    fn what_terraform_does_not_read_as_a_number_is_refused() {
        for text in ["", ".", "1_000", "0x10", "inf", "NaN", "1e", "--1", "twelve"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_absurd_exponent_or_length_is_refused_and_not_expanded() {
        assert!("1e999999999".parse::<Number>().is_err());
        assert!("9".repeat(LONGEST_TEXT + 1).parse::<Number>().is_err());
    }
}
