//! The wire format: MessagePack, directed by the type.
//!
//! Terraform sends every value so and takes every answer so. Only the type tells a list from a set or a map from an object, and
//! says where a value carries its own type. Terraform's rules beyond plain MessagePack:
//!
//! | value | bytes |
//! |---|---|
//! | null | nil |
//! | unknown | any extension; what is known about it stands in extension 12 |
//! | number | an integer if it fits `i64`, a float if that is exact, else decimal text |
//! | object | a map with every attribute present, nulls included |
//! | dynamic | an array of two: the type as JSON (bin), the value |

mod decode;
mod encode;
mod refinement;

pub use decode::decode;
pub use encode::encode;

/// The extension that carries what is known about an unknown value.
const REFINED_UNKNOWN: i8 = 12;

#[cfg(test)]
mod tests;
