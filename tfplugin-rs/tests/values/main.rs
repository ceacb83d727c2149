//! Properties that hold for every type and every value of it.

mod generate;
mod json;
mod msgpack;
mod typed;
