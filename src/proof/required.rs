//! Whether everything that must pass does.

use super::{
    model::{Model, Required},
    path,
    verdict::Verdict,
};

/// The verdict on one required flow.
#[derive(Clone, Debug)]
pub struct Finding<'m> {
    /// The flow.
    pub required: &'m Required,
    /// Whether it passes.
    pub verdict: Verdict,
}

/// The verdict on every required flow, in the order of their keys.
pub fn allows(model: &Model) -> Vec<Finding<'_>> {
    let finding = |required| Finding {
        required,
        verdict: path::prove(model, required),
    };
    model.required.iter().map(finding).collect()
}
