//! ARM ids of what the emulator has.

use super::kinds::{Child, Kind};
use super::resource::Target;

/// A resource group, or a network resource in one.
#[derive(Debug)]
pub(super) enum ResourceId {
    Group { group: String },
    Network { id: NetworkId, target: Target },
}

/// The parts of a network resource's id, in the case they were spelled in.
#[derive(Debug, Clone)]
pub(super) struct NetworkId {
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) kind: &'static Kind,
    pub(super) name: String,
    pub(super) child: Option<(&'static Child, String)>,
}

impl NetworkId {
    /// What this id names.
    pub(super) fn target(&self) -> Target {
        Target {
            root: root_key(&self.subscription, &self.group, self.kind, &self.name),
            child: self.child.clone(),
        }
    }
}

impl ResourceId {
    /// Reads an id, whatever its case. `None` for anything else, ids of other providers and kinds included.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let parts: Vec<&str> = id.strip_prefix('/')?.trim_end_matches('/').split('/').collect();
        let is = |part: &str, wanted: &str| part.eq_ignore_ascii_case(wanted);
        match parts.as_slice() {
            [subscriptions, _, groups, group] if is(subscriptions, "subscriptions") && is(groups, "resourceGroups") => {
                Some(Self::Group {
                    group: (*group).to_owned(),
                })
            }
            [
                subscriptions,
                subscription,
                groups,
                group,
                providers,
                namespace,
                kind,
                name,
                rest @ ..,
            ] if is(subscriptions, "subscriptions")
                && is(groups, "resourceGroups")
                && is(providers, "providers")
                && is(namespace, "Microsoft.Network") =>
            {
                let kind = Kind::find(kind)?;
                let child = match rest {
                    [] => None,
                    [collection, name] => Some((kind.child(collection)?, (*name).to_owned())),
                    _ => return None,
                };
                let id = NetworkId {
                    subscription: (*subscription).to_owned(),
                    group: (*group).to_owned(),
                    kind,
                    name: (*name).to_owned(),
                    child,
                };
                let target = id.target();
                Some(Self::Network { id, target })
            }
            _ => None,
        }
    }
}

/// The key under which a top-level resource is stored.
pub(super) fn root_key(subscription: &str, group: &str, kind: &Kind, name: &str) -> String {
    let segment = kind.segment;
    format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{segment}/{name}")
        .to_lowercase()
}
