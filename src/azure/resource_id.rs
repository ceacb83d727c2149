//! ARM ids: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/subnets/…`.
//!
//! ARM compares ids without regard to case and returns them in varying case (`resourcegroups` and `resourceGroups` both occur), so
//! equality and hash ignore case, while the spelling that was given is kept.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// The id of a resource in a resource group.
#[derive(Clone)]
pub struct ResourceId {
    subscription: String,
    resource_group: String,
    provider: String,
    ancestors: Vec<Segment>,
    own: Segment,
}

#[derive(Clone)]
struct Segment {
    kind: String,
    name: String,
}

/// Text that is no id of a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the ARM id of a resource: {reason}")]
pub struct ResourceIdError {
    text: String,
    reason: String,
}

impl ResourceId {
    /// The subscription.
    pub fn subscription_id(&self) -> &str {
        &self.subscription
    }

    /// The resource group.
    pub fn resource_group(&self) -> &str {
        &self.resource_group
    }

    /// The name, without those of its parents.
    pub fn name(&self) -> &str {
        &self.own.name
    }

    /// Whether this is a resource of `provider` (`Microsoft.Network`) and of the nested types `kinds` (`["virtualNetworks", "subnets"]`).
    pub fn is_kind(&self, provider: &str, kinds: &[&str]) -> bool {
        self.provider.eq_ignore_ascii_case(provider)
            && self.segments().count() == kinds.len()
            && self
                .segments()
                .zip(kinds)
                .all(|(segment, kind)| segment.kind.eq_ignore_ascii_case(kind))
    }

    /// A resource below this one.
    pub fn child(&self, kind: &str, name: &str) -> ResourceId {
        let mut child = self.clone();
        child.ancestors.push(child.own);
        child.own = Segment {
            kind: kind.to_owned(),
            name: name.to_owned(),
        };
        child
    }

    /// The resource this one is below; `None` at the top.
    pub fn parent(&self) -> Option<ResourceId> {
        let mut parent = self.clone();
        parent.own = parent.ancestors.pop()?;
        Some(parent)
    }

    /// A top-level resource of the same provider in the same resource group.
    pub fn sibling(&self, kind: &str, name: &str) -> ResourceId {
        self.in_resource_group(&self.resource_group, kind, name)
    }

    /// A top-level resource of the same provider in another resource group of the same subscription.
    pub fn in_resource_group(&self, resource_group: &str, kind: &str, name: &str) -> ResourceId {
        ResourceId {
            subscription: self.subscription.clone(),
            resource_group: resource_group.to_owned(),
            provider: self.provider.clone(),
            ancestors: Vec::new(),
            own: Segment {
                kind: kind.to_owned(),
                name: name.to_owned(),
            },
        }
    }

    /// The one spelling in which equal ids are equal texts.
    pub(super) fn key(&self) -> String {
        self.to_string().to_lowercase()
    }

    /// The kinds from the top down: `virtualnetworks/subnets`.
    pub(super) fn kind_key(&self) -> String {
        let kinds: Vec<String> = self.segments().map(|segment| segment.kind.to_lowercase()).collect();
        kinds.join("/")
    }

    /// The parts of the path, for an address that escapes each of them.
    pub(super) fn path(&self) -> Vec<&str> {
        let mut path = vec![
            "subscriptions",
            &self.subscription,
            "resourceGroups",
            &self.resource_group,
            "providers",
            &self.provider,
        ];
        path.extend(
            self.segments()
                .flat_map(|segment| [segment.kind.as_str(), segment.name.as_str()]),
        );
        path
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.ancestors.iter().chain([&self.own])
    }
}

impl FromStr for ResourceId {
    type Err = ResourceIdError;

    fn from_str(text: &str) -> Result<ResourceId, ResourceIdError> {
        let refuse = |reason: String| ResourceIdError {
            text: text.to_owned(),
            reason,
        };
        let path = text
            .strip_prefix('/')
            .ok_or_else(|| refuse("it must begin with `/subscriptions/`".to_owned()))?;
        let mut parts = path.split('/');
        let mut named = |keyword: &str| match (parts.next(), parts.next()) {
            (Some(found), Some(value)) if found.eq_ignore_ascii_case(keyword) && is_name(value) => Ok(value.to_owned()),
            _ => Err(refuse(format!("`{keyword}/…` is missing where it should be"))),
        };
        let subscription = named("subscriptions")?;
        let resource_group = named("resourceGroups")?;
        let provider = named("providers")?;
        let mut segments = Vec::new();
        while let Some(kind) = parts.next() {
            let name = parts.next().unwrap_or_default();
            if !is_name(kind) || !is_name(name) {
                return Err(refuse(format!("`{kind}/{name}` is not a type and a name")));
            }
            segments.push(Segment {
                kind: kind.to_owned(),
                name: name.to_owned(),
            });
        }
        let own = segments
            .pop()
            .ok_or_else(|| refuse("it names no resource after the provider".to_owned()))?;
        Ok(ResourceId {
            subscription,
            resource_group,
            provider,
            ancestors: segments,
            own,
        })
    }
}

/// Whether a part of an id can be sent: not empty, no step up the path, nothing that ends a path or is an escape already.
fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && !text
            .chars()
            .any(|c| matches!(c, '?' | '#' | '%' | '\\') || c.is_control() || c.is_whitespace() && c != ' ')
}

impl fmt::Display for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.path() {
            write!(formatter, "/{part}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ResourceId({self})")
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &ResourceId) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &ResourceId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &ResourceId) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: &str =
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/compute";

    fn id(text: &str) -> ResourceId {
        text.parse().unwrap()
    }

    #[test]
    fn an_id_keeps_its_spelling_and_is_equal_in_any_case() {
        let shouted = id(&SUBNET.to_uppercase().replace("/SUBSCRIPTIONS/S", "/subscriptions/s"));
        assert_eq!(id(SUBNET).to_string(), SUBNET);
        assert_eq!(id(SUBNET), shouted);
        assert_ne!(id(SUBNET), id(&SUBNET.replace("compute", "storage")));
        let set = std::collections::HashSet::from([id(SUBNET), shouted]);
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn an_id_knows_its_family() {
        let network = id(SUBNET).parent().unwrap();
        assert_eq!(network.name(), "hub");
        assert!(network.is_kind("Microsoft.Network", &["virtualNetworks"]));
        assert!(!network.is_kind("Microsoft.Network", &["virtualNetworks", "subnets"]));
        assert_eq!(network.parent(), None);
        assert_eq!(network.child("subnets", "compute"), id(SUBNET));
        assert_eq!(
            network.sibling("networkSecurityGroups", "nsg").to_string(),
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg"
        );
        assert_eq!(
            network.in_resource_group("other", "routeTables", "rt").resource_group(),
            "other"
        );
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it must begin with"),
            ("hub", "it must begin with"),
            ("/subscriptions/s/resourceGroups/rg", "`providers/…` is missing"),
            (
                "/subscriptions//resourceGroups/rg/providers/p/a/b",
                "`subscriptions/…` is missing",
            ),
            (
                "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network",
                "it names no resource",
            ),
            (
                "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks",
                "is not a type and a name",
            ),
            (
                "/subscriptions/s/resourceGroups/rg/providers/p/virtualNetworks/..",
                "is not a type and a name",
            ),
            (
                "/subscriptions/s/resourceGroups/rg/providers/p/virtualNetworks/a?b",
                "is not a type and a name",
            ),
            (
                "/subscriptions/s/resourceGroups/rg/providers/p/virtualNetworks/a/",
                "is not a type and a name",
            ),
        ] {
            let error = text.parse::<ResourceId>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
