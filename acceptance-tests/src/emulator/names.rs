//! Names of network resources and their tags.

use serde_json::Value;

use super::refusal::Refusal;
use super::resource::Object;

/// 1-80 characters of letters, digits, `_`, `.`, `-`; the first a letter or digit, the last a letter, digit or `_`.
/// Source: resource-name-rules.md, Microsoft.Network.
pub(super) fn is_resource_name(name: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    name.len() <= 80
        && name.chars().all(allowed)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '_')
}

/// 1-90 characters of letters, digits, `_`, `(`, `)`, `-`, `.`; not ending with `.`.
pub(super) fn is_group_name(name: &str) -> bool {
    let allowed = |character: char| character.is_alphanumeric() || "_()-.".contains(character);
    (1..=90).contains(&name.chars().count()) && name.chars().all(allowed) && !name.ends_with('.')
}

/// ARM's limits on tags: 50, names of 512 and values of 256 characters, no `<>%&\?/` in names.
/// Source: tag-resources.md, limitations.
pub(super) fn check_tags(body: &Object) -> Result<(), Refusal> {
    let tags = match body.get("tags") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(tags)) => tags,
        Some(other) => {
            return Err(Refusal::gateway(
                400,
                "InvalidRequestContent",
                format!(
                    "The request content was invalid and could not be deserialized: 'tags are not an object: {other}'."
                ),
            ));
        }
    };
    if tags.len() > 50 {
        return Err(Refusal::gateway(
            400,
            "TooManyTags",
            format!(
                "The number of tags '{}' is greater than the maximum allowed '50'.",
                tags.len()
            ),
        ));
    }
    for (name, value) in tags {
        if name.is_empty()
            || name
                .chars()
                .any(|character| "<>%&\\?/".contains(character) || character.is_control())
        {
            return Err(Refusal::gateway(
                400,
                "InvalidTagNameCharacters",
                format!("The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or control characters."),
            ));
        }
        if name.chars().count() > 512 {
            return Err(Refusal::gateway(
                400,
                "InvalidTagNameLength",
                format!(
                    "Tag name too large. The following tag name '{name}' exceeded the maximum length. Maximum allowed length for tag name - '512' characters."
                ),
            ));
        }
        let value = value.as_str().ok_or_else(|| {
            Refusal::gateway(
                400,
                "InvalidTagValue",
                format!("The value of the tag '{name}' is not a string."),
            )
        })?;
        if value.chars().count() > 256 {
            return Err(Refusal::gateway(
                400,
                "InvalidTagValueLength",
                format!(
                    "Tag value too large. The following tag value '{value}' exceeded the maximum length. Maximum allowed length for tag value - '256' characters."
                ),
            ));
        }
    }
    Ok(())
}
