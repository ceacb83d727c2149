//! The owner tag: how a network security group says which resource of ours made it, and with which options.
//!
//! An apply can die between two writes and leave a group behind; the tag tells our own leftover from a stranger's. It also carries
//! the options that cannot be read back from Azure, so that an import ends in an empty plan. A tag's value holds 256
//! characters, so the options go over as many tags as they need (Azure allows 50 on a resource).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{azure::ResourceId, network::stable_hash};

const OWNER: &str = "lockeddown-owner";
const OPTIONS: &str = "lockeddown-options";
const VALUE_LENGTH: usize = 256;
/// Leaves room for the user's own tags.
const MOST_OPTION_TAGS: usize = 30;

/// The options do not fit into tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the options are {0} characters long; tags hold {most}", most = VALUE_LENGTH * MOST_OPTION_TAGS)]
pub(super) struct OptionsTooLong(usize);

/// The tags that mark the group of the subnet `subnet`, made by a resource of type `kind`.
pub(super) fn tags(
    kind: &str,
    subnet: &ResourceId,
    options: &Json,
) -> Result<BTreeMap<String, String>, OptionsTooLong> {
    let text: Vec<char> = options.to_string().chars().collect();
    let chunks: Vec<String> = text.chunks(VALUE_LENGTH).map(|chunk| chunk.iter().collect()).collect();
    if chunks.len() > MOST_OPTION_TAGS {
        return Err(OptionsTooLong(text.len()));
    }
    let mut tags = BTreeMap::from([(OWNER.to_owned(), mark(kind, subnet))]);
    tags.extend(
        chunks
            .into_iter()
            .enumerate()
            .map(|(position, chunk)| (option_tag(position), chunk)),
    );
    Ok(tags)
}

/// Whether a tag is one of ours.
pub(super) fn is_ours(tag: &str) -> bool {
    tag.eq_ignore_ascii_case(OWNER) || tag.to_ascii_lowercase().starts_with(OPTIONS)
}

/// Whether the tags mark the group as the one of this resource.
pub(super) fn marks(tags: &BTreeMap<String, String>, kind: &str, subnet: &ResourceId) -> bool {
    tags.get(OWNER)
        .is_some_and(|mark_there| *mark_there == mark(kind, subnet))
}

/// The options in the tags.
pub(super) fn options(tags: &BTreeMap<String, String>) -> Option<Json> {
    let text: String = (0..MOST_OPTION_TAGS)
        .map_while(|position| tags.get(&option_tag(position)))
        .cloned()
        .collect();
    serde_json::from_str(&text).ok()
}

/// The resource's type and name and a hash of the subnet's id: the id itself can be longer than a tag's value.
fn mark(kind: &str, subnet: &ResourceId) -> String {
    format!(
        "{kind} {} {:016x}",
        subnet.name(),
        stable_hash(&subnet.to_string().to_lowercase())
    )
}

fn option_tag(position: usize) -> String {
    if position == 0 {
        OPTIONS.to_owned()
    } else {
        format!("{OPTIONS}-{}", position + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network\
                          /virtualNetworks/vnet/subnets/server";

    #[test]
    fn long_options_survive_the_way_through_the_tags() {
        let options_given = serde_json::json!({ "role": "server", "why": "ä".repeat(700) });
        let tags = tags("lockeddown_cyclecloud_subnet", &SUBNET.parse().unwrap(), &options_given).unwrap();
        assert!(tags.values().all(|value| value.chars().count() <= VALUE_LENGTH));
        assert!(tags.keys().all(|name| is_ours(name)));
        assert_eq!(options(&tags), Some(options_given));
    }

    #[test]
    fn the_mark_is_that_of_one_subnet_and_one_kind() {
        let subnet: ResourceId = SUBNET.parse().unwrap();
        let other: ResourceId = SUBNET.replace("/vnet/", "/vnet2/").parse().unwrap();
        let tags = tags("kind", &subnet, &Json::Null).unwrap();
        assert!(marks(&tags, "kind", &subnet));
        assert!(
            marks(&tags, "kind", &SUBNET.replace("/vnet/", "/VNet/").parse().unwrap()),
            "ids have no case"
        );
        assert!(!marks(&tags, "kind", &other) && !marks(&tags, "kind2", &subnet));
    }

    #[test]
    fn options_beyond_what_tags_hold_are_refused_and_not_cut() {
        let subnet = SUBNET.parse().unwrap();
        assert!(tags("kind", &subnet, &Json::String("x".repeat(8000))).is_err());
    }
}
