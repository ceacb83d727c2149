//! Tags: the user's, and those by which the provider marks what it owns.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::owner;

/// Azure's limit of tags on a resource, less those of the owner mark.
const MOST_TAGS: usize = 19;

/// Checks the argument `tags` as far as it is known.
pub(in crate::provider) fn validate(tags: &Value, diagnostics: &mut Diagnostics) {
    let Some(tags) = tags.as_map() else { return };
    if tags.len() > MOST_TAGS {
        let detail = format!(
            "There are {} tags: Azure allows 50 on a resource, of which up to 31 mark the owner, so {MOST_TAGS} are left.",
            tags.len()
        );
        diagnostics.error_at(Path::attribute("tags"), "Too many tags", detail);
    }
    for (name, value) in tags {
        let path = Path::attribute("tags").key(name);
        if name.is_empty() || name.chars().count() > 512 || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            let detail = format!("`{name}` cannot be a tag's name: 1 to 512 characters, none of `<>%&\\?/`.");
            diagnostics.error_at(path, "Invalid tag", detail);
        } else if owner::is_ours(name) {
            let detail =
                format!("`{name}` is one of the tags by which the provider marks what it owns. Choose another name.");
            diagnostics.error_at(path, "Reserved tag", detail);
        } else if value.as_str().is_some_and(|text| text.chars().count() > 256) {
            let detail = format!("The value of `{name}` is longer than 256 characters.");
            diagnostics.error_at(path, "Invalid tag", detail);
        }
    }
}

/// The user's tags of a plan or state.
pub(in crate::provider) fn user_tags(object: &Value) -> BTreeMap<String, String> {
    let entries = object.attribute("tags").as_map().into_iter().flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The tags of an ARM object.
pub(in crate::provider) fn tags_of(document: &Json) -> BTreeMap<String, String> {
    let tags = document.get("tags").and_then(Json::as_object).into_iter().flatten();
    tags.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Puts tags on an ARM object, if it has others.
pub(in crate::provider) fn put_tags(document: &mut Json, tags: &BTreeMap<String, String>) {
    if tags_of(document) != *tags
        && let Some(document) = document.as_object_mut()
    {
        document.insert("tags".into(), serde_json::json!(tags));
    }
}
