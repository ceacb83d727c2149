//! Which ARM objects a resource is about, and how it stands to each of them.
//!
//! Everything follows from the object itself, so a plan, a state and an import agree: a *name* (`network_security_group_name`) says
//! that the object is the resource's own, an *id* without a name says that it is somebody else's.

use tfplugin_rs::value::Value;

use crate::azure::ResourceId;

/// One ARM object of a resource, as far as the configuration tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target<T> {
    /// The resource has none.
    Absent,
    /// It has one, or may have, that is not known yet.
    NotYet,
    /// This one.
    Is(T),
}

/// A network security group, route table or rule collection group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    /// Its id.
    pub(super) id: ResourceId,
    /// Whether it is the resource's own, to the last entry; otherwise only the entries that the resource added are.
    pub(super) own: bool,
}

/// The subnet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SubnetTarget {
    /// Its id.
    pub(super) id: ResourceId,
    /// Whether the resource makes it.
    pub(super) born: bool,
}

/// Where firewall rule collections go.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FirewallTarget {
    /// Into a rule collection group of a firewall policy.
    Group(Held),
    /// Into a firewall without a policy.
    Classic(ResourceId),
}

/// All of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Targets {
    pub(super) subnet: Option<SubnetTarget>,
    pub(super) group: Option<Held>,
    pub(super) table: Option<Held>,
    pub(super) firewall: Option<FirewallTarget>,
}

impl<T> Target<T> {
    fn settled(self) -> Option<Option<T>> {
        match self {
            Target::Absent => Some(None),
            Target::NotYet => None,
            Target::Is(target) => Some(Some(target)),
        }
    }

    /// The target, if there is one and it is known.
    pub(super) fn known(self) -> Option<T> {
        self.settled().flatten()
    }
}

impl Targets {
    /// The targets of a plan or state; `None` while one is not known, or is not an ARM id.
    pub(super) fn of(object: &Value) -> Option<Targets> {
        Some(Targets {
            subnet: subnet(object).settled()?,
            group: group(object).settled()?,
            table: table(object).settled()?,
            firewall: firewall(object).settled()?,
        })
    }
}

/// Whether the resource makes its subnet; otherwise it is attached to one, or has none.
pub(super) fn is_born(object: &Value) -> bool {
    !object.attribute("virtual_network_id").is_null()
}

/// The subnet of an object.
pub(super) fn subnet(object: &Value) -> Target<SubnetTarget> {
    if !is_born(object) {
        return match id(object, "subnet_id") {
            Target::Is(id) => Target::Is(SubnetTarget { id, born: false }),
            Target::NotYet => Target::NotYet,
            Target::Absent => Target::Absent,
        };
    }
    match (id(object, "virtual_network_id"), object.attribute("name").as_str()) {
        (Target::Is(network), Some(name)) => Target::Is(SubnetTarget {
            id: network.child("subnets", name),
            born: true,
        }),
        _ => Target::NotYet,
    }
}

/// The network security group of an object.
pub(super) fn group(object: &Value) -> Target<Held> {
    held(object, "network_security_group", "networkSecurityGroups")
}

/// The route table of an object: there is one while its id is there.
pub(super) fn table(object: &Value) -> Target<Held> {
    match object.attribute("route_table_id") {
        Value::Null => Target::Absent,
        _ => held(object, "route_table", "routeTables"),
    }
}

/// Where an object's firewall rule collections go.
pub(super) fn firewall(object: &Value) -> Target<FirewallTarget> {
    let classic = id(object, "firewall_id");
    if classic != Target::Absent {
        return classic.map(FirewallTarget::Classic);
    }
    let group = object.attribute("rule_collection_group_id");
    if group.is_null() {
        return Target::Absent;
    }
    if object.attribute("rule_collection_group_name").is_null() {
        let held = id(object, "rule_collection_group_id").map(|id| Held { id, own: false });
        return held.map(FirewallTarget::Group);
    }
    own_rule_collection_group(object).map(|id| FirewallTarget::Group(Held { id, own: true }))
}

/// The id that follows from `firewall_policy_id` and `rule_collection_group_name`.
pub(super) fn own_rule_collection_group(object: &Value) -> Target<ResourceId> {
    match (
        id(object, "firewall_policy_id"),
        object.attribute("rule_collection_group_name"),
    ) {
        (Target::Is(policy), Value::String(name)) => Target::Is(policy.child("ruleCollectionGroups", name)),
        (Target::Absent, _) | (_, Value::Null) => Target::Absent,
        _ => Target::NotYet,
    }
}

/// The id that follows from `<thing>_name`, for an object of our own.
pub(super) fn own_id(object: &Value, thing: &str, kind: &str) -> Target<ResourceId> {
    let name = match object.attribute(&format!("{thing}_name")) {
        Value::String(name) => name,
        Value::Null => return Target::Absent,
        _ => return Target::NotYet,
    };
    let Target::Is(SubnetTarget { id: subnet, .. }) = subnet(object) else {
        return Target::NotYet;
    };
    match object.attribute("resource_group_name") {
        Value::String(group) => Target::Is(subnet.in_resource_group(group, kind, name)),
        Value::Null => Target::Is(subnet.sibling(kind, name)),
        _ => Target::NotYet,
    }
}

fn held(object: &Value, thing: &str, kind: &str) -> Target<Held> {
    match own_id(object, thing, kind) {
        Target::Is(id) => Target::Is(Held { id, own: true }),
        Target::NotYet => Target::NotYet,
        Target::Absent => id(object, &format!("{thing}_id")).map(|id| Held { id, own: false }),
    }
}

impl<T> Target<T> {
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Target<U> {
        match self {
            Target::Absent => Target::Absent,
            Target::NotYet => Target::NotYet,
            Target::Is(target) => Target::Is(f(target)),
        }
    }
}

/// What is no id at all counts as not known: validation reports it.
fn id(object: &Value, attribute: &str) -> Target<ResourceId> {
    match object.attribute(attribute) {
        Value::Null => Target::Absent,
        Value::String(text) => text.parse().map_or(Target::NotYet, Target::Is),
        _ => Target::NotYet,
    }
}

/// `resource group/virtual network/subnet`: how CycleCloud's templates name a subnet. `None` while it is not known.
pub(super) fn subnet_path(object: &Value) -> Option<String> {
    let subnet = subnet(object).known()?.id;
    let network = subnet.parent()?;
    Some(format!(
        "{}/{}/{}",
        network.resource_group(),
        network.name(),
        subnet.name()
    ))
}
