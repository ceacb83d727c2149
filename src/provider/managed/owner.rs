//! The owner tag: how an ARM object says which resource of ours made it, and with which options.
//!
//! An apply can die between two writes and leave an object behind; the tag tells our own leftover from a stranger's. It also carries
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
pub(in crate::provider) struct OptionsTooLong(usize);

/// The tag that marks what belongs to `owner`.
pub(in crate::provider) fn tag(owner: &Owner<'_>) -> (String, String) {
    (OWNER.to_owned(), owner.mark())
}

/// The tags that mark what belongs to `owner` and carry its options.
pub(in crate::provider) fn tags(owner: &Owner<'_>, options: &Json) -> Result<BTreeMap<String, String>, OptionsTooLong> {
    let text: Vec<char> = options.to_string().chars().collect();
    let chunks: Vec<String> = text.chunks(VALUE_LENGTH).map(|chunk| chunk.iter().collect()).collect();
    if chunks.len() > MOST_OPTION_TAGS {
        return Err(OptionsTooLong(text.len()));
    }
    let mut tags = BTreeMap::from([tag(owner)]);
    tags.extend(
        chunks
            .into_iter()
            .enumerate()
            .map(|(position, chunk)| (option_tag(position), chunk)),
    );
    Ok(tags)
}

/// Whether a tag is one of ours.
pub(in crate::provider) fn is_ours(tag: &str) -> bool {
    tag.eq_ignore_ascii_case(OWNER) || is_option(tag)
}

/// Whether a tag carries options.
pub(in crate::provider) fn is_option(tag: &str) -> bool {
    tag.to_ascii_lowercase().starts_with(OPTIONS)
}

/// Whether the tags mark an object as the owner's. Azure keeps names in the case of whoever wrote them first.
pub(in crate::provider) fn marks(tags: &BTreeMap<String, String>, owner: &Owner<'_>) -> bool {
    mark_in(tags).is_some_and(|there| there.eq_ignore_ascii_case(&owner.mark()))
}

/// Whether the tags mark an object as that of an owner of this kind and name, wherever it stood: what is moved in Azure keeps its tags, while the id
/// of its place becomes another one.
pub(in crate::provider) fn names(tags: &BTreeMap<String, String>, owner: &Owner<'_>) -> bool {
    let (there, mark) = (mark_in(tags).and_then(whose), owner.mark());
    there.is_some_and(|there| whose(&mark).is_some_and(|name| name.eq_ignore_ascii_case(there)))
}

/// Kind and name of a mark.
pub(in crate::provider) fn whose(mark: &str) -> Option<&str> {
    mark.rsplit_once(' ').map(|(whose, _)| whose)
}

/// The mark of whichever resource of ours owns an object.
pub(in crate::provider) fn mark_in(tags: &BTreeMap<String, String>) -> Option<&str> {
    let tag = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(OWNER));
    tag.map(|(_, mark)| mark.as_str())
}

/// The options in the tags.
pub(in crate::provider) fn options(tags: &BTreeMap<String, String>) -> Option<Json> {
    let text: String = (0..MOST_OPTION_TAGS)
        .map_while(|position| tags.get(&option_tag(position)))
        .cloned()
        .collect();
    serde_json::from_str(&text).ok()
}

/// A resource of ours, as its marks name it.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Owner<'a> {
    /// The resource's type.
    pub(in crate::provider) kind: &'a str,
    /// Its `name`.
    pub(in crate::provider) name: &'a str,
    /// What it is about: a subnet, a connection.
    pub(in crate::provider) place: &'a ResourceId,
}

impl Owner<'_> {
    /// Type, name and a hash of the place's id: the id itself can be longer than a tag's value.
    fn mark(&self) -> String {
        let hash = stable_hash(&self.place.to_string().to_lowercase());
        format!("{} {} {hash:016x}", self.kind, self.name)
    }
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

    fn owner<'a>(kind: &'a str, subnet: &'a ResourceId) -> Owner<'a> {
        Owner {
            kind,
            name: "server",
            place: subnet,
        }
    }

    #[test]
    fn long_options_survive_the_way_through_the_tags() {
        let options_given = serde_json::json!({ "role": "server", "why": "ä".repeat(700) });
        let subnet = SUBNET.parse().unwrap();
        let tags = tags(&owner("lockeddown_cyclecloud_subnet", &subnet), &options_given).unwrap();
        assert!(tags.values().all(|value| value.chars().count() <= VALUE_LENGTH));
        assert!(tags.keys().all(|name| is_ours(name)));
        assert_eq!(options(&tags), Some(options_given));
    }

    #[test]
    fn the_mark_is_that_of_one_subnet_and_one_kind() {
        let subnet: ResourceId = SUBNET.parse().unwrap();
        let other: ResourceId = SUBNET.replace("/vnet/", "/vnet2/").parse().unwrap();
        let shouted: ResourceId = SUBNET.replace("/vnet/", "/VNet/").parse().unwrap();
        let tags = tags(&owner("kind", &subnet), &Json::Null).unwrap();
        assert!(marks(&tags, &owner("kind", &subnet)));
        assert!(
            marks(
                &tags,
                &Owner {
                    name: "SERVER",
                    ..owner("kind", &shouted)
                }
            ),
            "ids and names have no case"
        );
        assert!(!marks(&tags, &owner("kind", &other)) && !marks(&tags, &owner("kind2", &subnet)));
        assert!(names(&tags, &owner("kind", &other)), "it may have been moved");
        assert!(!names(&tags, &owner("kind2", &subnet)));
    }

    #[test]
    fn options_beyond_what_tags_hold_are_refused_and_not_cut() {
        let subnet = SUBNET.parse().unwrap();
        assert!(tags(&owner("kind", &subnet), &Json::String("x".repeat(8000))).is_err());
    }
}
