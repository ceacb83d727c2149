//! People who reach into a subnet: administrators and users, by the prefixes they come from.

use super::{
    inputs::Inputs,
    problem::Stop,
    rules::End,
    shared::{ADMIN_SOURCE_CLOSED, Shared},
};

/// Prefixes of people. The whole internet is refused unless the user says why.
pub(super) fn read_operators(
    inputs: &Inputs<'_>,
    shared: &Shared,
    argument: &str,
    requirement: &str,
) -> Result<Option<End>, Stop> {
    let texts = inputs.texts(argument)?;
    let open =
        |text: &String| matches!(text.as_str(), "*" | "0.0.0.0/0" | "::/0") || text.eq_ignore_ascii_case("Internet");
    match texts.iter().find(|text| open(text)) {
        None if texts.is_empty() => Ok(None),
        None => Ok(Some(End::Prefixes(inputs.prefixes(argument)?))),
        Some(_) if shared.waived.contains_key(ADMIN_SOURCE_CLOSED) => Ok(Some(End::Any)),
        Some(text) => {
            let detail = format!(
                "`{argument}` contains `{text}`, which opens the port of {requirement} to everybody. Name the administrators' prefixes, or \
                 waive the check: waived_requirements = {{ \"{ADMIN_SOURCE_CLOSED}\" = \"why\" }}."
            );
            Err(inputs
                .findings()
                .error(inputs.path(argument), "Open to the internet", detail))
        }
    }
}
