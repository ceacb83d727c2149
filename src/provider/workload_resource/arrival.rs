//! Looking before the first write: what is there already, whose it is, and whether it fits.
//!
//! What exists without our mark is somebody else's. What carries it while its subnet is not yet in its place is the leftover of a
//! create that was interrupted, and is taken over; a complete one belongs to another resource, or to the old instance of a replacement
//! that makes the new one first.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{
    apply::text,
    conflicts,
    demand::{self, Demand, Shared},
    firewall, forms,
    forms::{Entries, ROUTES, RULES, collection},
    group, host_subnet,
    kept::Kept,
    names,
    neighbours::{self, Neighbours, Place},
    owner,
    part::Part,
    subnet, table,
    targets::{self, FirewallTarget, Held, SubnetTarget},
    work::{Work, report, tags_of},
};
use crate::{
    azure::{ArmError, Document, ResourceId},
    regions::normalize_location,
    workloads::Defaults,
};

/// What there is, as far as it was worth a look.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The parts that were looked at.
    looked: Vec<Part>,
    network: Option<Document>,
    subnet: Option<Document>,
    group: Option<Document>,
    table: Option<Document>,
    firewall: Option<Document>,
}

impl Found {
    /// Whether a part exists; `None` where nobody looked.
    pub(super) fn exists(&self, part: Part) -> Option<bool> {
        let found = match part {
            Part::Group => self.group.is_some(),
            Part::Table => self.table.is_some(),
            Part::Subnet => self.subnet.is_some(),
            Part::Firewall => self.firewall.is_some(),
        };
        self.looked.contains(&part).then_some(found)
    }

    /// What the subnet had before, where only Azure could tell.
    pub(super) fn settle_previous(&self, work: &Work<'_>) -> Value {
        let mut object = work.object.clone();
        for (attribute, field, target) in [
            (
                "previous_network_security_group_id",
                "networkSecurityGroup",
                &work.targets.group,
            ),
            ("previous_route_table_id", "routeTable", &work.targets.table),
        ] {
            // An object of the resource's own that lost its mark was not there before the resource.
            let is_own = |id: &&str| {
                let own = target.as_ref().filter(|held| held.own);
                own.is_some_and(|held| id.eq_ignore_ascii_case(&held.id.to_string()))
            };
            if object.attribute(attribute).is_unknown() {
                let id = self
                    .subnet
                    .as_ref()
                    .and_then(|subnet| subnet::association(&subnet.body, field))
                    .filter(|id| !is_own(id));
                object.set_attribute(attribute, id.map(str::to_owned).into());
            }
        }
        object
    }

    /// The service endpoints that the resource will have added to a subnet of somebody else.
    pub(super) fn added_endpoints(&self, planned: &Value, kept: &Kept) -> BTreeSet<String> {
        if targets::is_born(planned) {
            return BTreeSet::new();
        }
        // Where nobody looked, nothing is added that was not there before.
        let found = match &self.subnet {
            Some(subnet) => subnet::endpoints_of(&subnet.body),
            None => subnet::wanted_endpoints(planned),
        };
        subnet::added_endpoints(planned, &kept.added_service_endpoints, &found)
    }
}

/// Looks at every part that is new: all of them on a create. `None` after an error.
pub(super) async fn look(work: &Work<'_>, kept: &Kept, diagnostics: &mut Diagnostics) -> Option<Found> {
    let undecided = ["previous_network_security_group_id", "previous_route_table_id"]
        .iter()
        .any(|previous| work.object.attribute(previous).is_unknown());
    let is_asked_of_the_subnet = undecided || gains_endpoints(work) || tells_other_prefixes(work);
    let is_looked_at = |part: &Part| work.is_new(*part) || *part == Part::Subnet && is_asked_of_the_subnet;
    let parts: Vec<Part> = Part::ALL.into_iter().filter(is_looked_at).collect();
    if parts.is_empty() {
        return Some(Found::default());
    }
    let found = look_at(work, parts, diagnostics).await?;
    if work.prior.is_some() {
        check_own(work, &found, diagnostics);
        host_subnet::check_associations(work, found.subnet.as_ref(), diagnostics);
        if let Some(subnet) = found.subnet.as_ref().filter(|_| !targets::is_born(work.object)) {
            host_subnet::check_prefixes(work, &subnet.body, diagnostics);
        }
    } else if let Some(target) = work.subnet() {
        check_network(work, target, &found, diagnostics);
        if target.born {
            check_born(work, target, &found, diagnostics);
        } else {
            check_attached(work, target, &found, diagnostics);
        }
    }
    // Where the subnet alone was looked at, nothing comes to stand among others' entries that was not there before.
    if !diagnostics.has_errors() && found.looked != [Part::Subnet] {
        let neighbours = check_neighbours(work, &found, kept, diagnostics);
        prove_among_others(work, &neighbours, diagnostics);
        check_firewall(work, &found, diagnostics);
    }
    (!diagnostics.has_errors()).then_some(found)
}

/// Whether an existing subnet will get service endpoints that the state does not know of: only Azure can tell whose they are.
fn gains_endpoints(work: &Work<'_>) -> bool {
    let known = work.prior.map(subnet::wanted_endpoints).unwrap_or_default();
    work.subnet().is_some_and(|subnet| !subnet.born) && !subnet::wanted_endpoints(work.object).is_subset(&known)
}

/// Whether the rules come to be about other addresses of a subnet that exists: only Azure can tell whether it has those.
fn tells_other_prefixes(work: &Work<'_>) -> bool {
    let differs = |prior: &Value| {
        let arguments = ["subnet_address_prefixes", "policies"];
        arguments
            .iter()
            .any(|name| prior.attribute(name) != work.object.attribute(name))
    };
    work.subnet().is_some_and(|subnet| !subnet.born) && work.prior.is_some_and(differs)
}

async fn look_at(work: &Work<'_>, parts: Vec<Part>, diagnostics: &mut Diagnostics) -> Option<Found> {
    let looked = |part: Part| parts.contains(&part);
    let subnet = work.targets.subnet.as_ref().filter(|_| looked(Part::Subnet));
    let subnet_id = subnet.map(|subnet| subnet.id.clone());
    let network_id = subnet_id
        .as_ref()
        .filter(|_| work.prior.is_none())
        .and_then(ResourceId::parent);
    let group = work.targets.group.as_ref().filter(|_| looked(Part::Group));
    let table = work.targets.table.as_ref().filter(|_| looked(Part::Table));
    let firewall = work.targets.firewall.as_ref().filter(|_| looked(Part::Firewall));
    let network = async {
        match &network_id {
            Some(id) => work.session.client.virtual_networks().get(id, work.call).await,
            None => Ok(None),
        }
    };
    let subnet = async {
        match &subnet_id {
            Some(id) => subnet::get(work, id).await,
            None => Ok(None),
        }
    };
    let group = async {
        match group {
            Some(held) => group::get(work, &held.id).await,
            None => Ok(None),
        }
    };
    let table = async {
        match table {
            Some(held) => table::get(work, &held.id).await,
            None => Ok(None),
        }
    };
    let firewall = async {
        match firewall {
            Some(target) => firewall::get(work, target).await,
            None => Ok(None),
        }
    };
    let (network, subnet, group, table, firewall) = tokio::join!(network, subnet, group, table, firewall);
    // One failure is enough to say: the others have the same cause as a rule.
    Some(Found {
        looked: parts,
        network: read("Virtual network", network, diagnostics)?,
        subnet: read("Subnet", subnet, diagnostics)?,
        group: read("Network security group", group, diagnostics)?,
        table: read("Route table", table, diagnostics)?,
        firewall: read("Firewall rules", firewall, diagnostics)?,
    })
}

fn read(
    what: &str,
    result: Result<Option<Document>, ArmError>,
    diagnostics: &mut Diagnostics,
) -> Option<Option<Document>> {
    result
        .inspect_err(|error| report(&format!("{what} not read"), error, diagnostics))
        .ok()
}

/// What could not be checked at plan, because plans do not read Azure.
fn check_network(work: &Work<'_>, target: &SubnetTarget, found: &Found, diagnostics: &mut Diagnostics) {
    let argument = if target.born { "virtual_network_id" } else { "subnet_id" };
    let Some(network) = &found.network else {
        let network = target.id.parent().map(|id| id.to_string()).unwrap_or_default();
        let detail = format!("`{network}` does not exist.");
        diagnostics.error_at(Path::attribute(argument), "Virtual network not found", detail);
        return;
    };
    let home = text(&network.body, "location");
    let location = work.object.attribute("location").as_str().unwrap_or_default();
    if normalize_location(home) != normalize_location(location) {
        let detail = format!(
            "`location` is `{location}`, but `{}` is in `{home}`: a subnet's network security group must be in the region of its virtual \
             network. Set `location = \"{}\"`, or name a virtual network in `{location}` with `{argument}`.",
            network.id,
            normalize_location(home)
        );
        diagnostics.error_at(
            Path::attribute("location"),
            "Another region than the virtual network's",
            detail,
        );
    }
}

fn check_born(work: &Work<'_>, target: &SubnetTarget, found: &Found, diagnostics: &mut Diagnostics) {
    if found.subnet.is_some() {
        let complete = check_own(work, found, diagnostics);
        exists(work, "subnet", "name", &target.id, complete, diagnostics);
    } else {
        check_own(work, found, diagnostics);
    }
}

fn check_attached(work: &Work<'_>, target: &SubnetTarget, found: &Found, diagnostics: &mut Diagnostics) {
    let Some(subnet) = &found.subnet else {
        let detail = format!("`{}` does not exist.", target.id);
        diagnostics.error_at(Path::attribute("subnet_id"), "Subnet not found", detail);
        return;
    };
    let marked = check_own(work, found, diagnostics);
    let associated = subnet::association(&subnet.body, "networkSecurityGroup");
    if let Some(held) = work.targets.group.as_ref().filter(|held| held.own && marked)
        && associated.is_some_and(|id| id.eq_ignore_ascii_case(&held.id.to_string()))
    {
        exists(
            work,
            "network security group",
            "network_security_group_name",
            &held.id,
            true,
            diagnostics,
        );
    }
    host_subnet::check_associations(work, Some(subnet), diagnostics);
    host_subnet::check_prefixes(work, &subnet.body, diagnostics);
}

/// Whether group or table of the resource's own are there with its mark; an error where they are without it.
fn check_own(work: &Work<'_>, found: &Found, diagnostics: &mut Diagnostics) -> bool {
    let mut marked = false;
    for (held, document, what, argument) in [
        (
            &work.targets.group,
            &found.group,
            "network security group",
            "network_security_group_name",
        ),
        (&work.targets.table, &found.table, "route table", "route_table_name"),
    ] {
        let (Some(held), Some(document)) = (held, document) else {
            continue;
        };
        if !held.own {
            continue;
        }
        if work.owns(&tags_of(&document.body), &work.resource.type_name()) {
            marked = true;
        } else {
            exists(work, what, argument, &held.id, false, diagnostics);
        }
    }
    marked
}

fn exists(work: &Work<'_>, what: &str, argument: &str, id: &ResourceId, ours: bool, diagnostics: &mut Diagnostics) {
    let kind = work.resource.type_name();
    let whose = if ours {
        format!(
            "The {what} `{id}` exists already, made by another `{kind}` with this name, or by the old instance where `create_before_destroy` \
             makes the new one first, which cannot work while the names stay the same."
        )
    } else {
        format!("The {what} `{id}` exists already and was not made by this resource.")
    };
    let remedy = if work.prior.is_some() {
        // What is in the state already cannot be imported.
        let guest = argument.replace("_name", "_id");
        format!(
            "Choose another name, have it deleted, or put the resource's entries into it with `{guest} = \"{id}\"`."
        )
    } else {
        format!(
            "If Terraform shall manage it here from now on, import it: `{}`. Otherwise choose another name.",
            import_command(work)
        )
    };
    let detail = format!("{whose} {remedy}");
    diagnostics.error_at(
        Path::attribute(argument),
        format!("A {what} of that name exists"),
        detail,
    );
}

fn import_command(work: &Work<'_>) -> String {
    let id = match (work.object.attribute("id").as_str(), &work.targets.firewall) {
        (Some(id), Some(target)) if work.subnet().is_none() && !target.is_own() => {
            format!("{id}|{}", work.object.attribute("name").as_str().unwrap_or_default())
        }
        (id, _) => id.unwrap_or_default().to_owned(),
    };
    format!("terraform import {}.<name> '{id}'", work.resource.type_name())
}

/// Among others' entries: none of our names, no priority and no prefix twice. Gives what stands there, where nobody looked as it is
/// remembered.
fn check_neighbours(work: &Work<'_>, found: &Found, kept: &Kept, diagnostics: &mut Diagnostics) -> Neighbours {
    let mut neighbours = Neighbours::default();
    if !work.is_new(Part::Group) {
        neighbours.rules = kept.neighbours().rules;
    }
    if !work.is_new(Part::Table) {
        neighbours.routes = kept.neighbours().routes;
    }
    let places = [
        (
            &work.targets.group,
            &found.group,
            &RULES,
            "security_rules",
            "network_security_group_id",
            "network security group",
        ),
        (
            &work.targets.table,
            &found.table,
            &ROUTES,
            "routes",
            "route_table_id",
            "route table",
        ),
    ];
    for (held, document, form, output, argument, what) in places {
        let part = if output == "routes" { Part::Table } else { Part::Group };
        let Some(held) = held.as_ref().filter(|_| found.looked.contains(&part)) else {
            continue;
        };
        let ours = work.entries(output);
        let Some(document) = document else {
            if !held.own && (output == "security_rules" || !ours.is_empty()) {
                let detail = format!("`{}` does not exist.", held.id);
                diagnostics.error_at(Path::attribute(argument), format!("The {what} does not exist"), detail);
            }
            continue;
        };
        let (taken, others) = form.split(&document.body, &ours, |_| true);
        let others = if held.own {
            ignored(work, output, others)
        } else {
            others
        };
        if !held.own {
            let taken = unlike(work, taken, &ours);
            check_guest(work, held, &document.body, &taken, (argument, what), diagnostics);
            check_region(found, &document.body, (argument, what), diagnostics);
            if part == Part::Table {
                warn_of_propagation(work, &document.body, diagnostics);
            }
        }
        let conflict = if output == "security_rules" {
            conflicts::priorities(&ours, &others)
        } else {
            conflicts::prefixes(&ours, &others)
        };
        if let Some(conflict) = conflict {
            conflict.refuse(diagnostics);
        }
        match part {
            Part::Table => neighbours.routes = others,
            _ => neighbours.rules = others,
        }
    }
    neighbours
}

/// What must pass does, among the entries that stand there: before the first write, so that nothing is made that does not work.
fn prove_among_others(work: &Work<'_>, neighbours: &Neighbours, diagnostics: &mut Diagnostics) {
    let session = work.session;
    let defaults = Defaults {
        environment: Some(session.environment()),
        ..session.defaults
    };
    // What there is to say of the expansion itself, the plan has said.
    let mut said = Diagnostics::default();
    let demanded = demand::demand(work.resource, defaults, work.object, Shared::of(work.object), &mut said);
    let Demand::Known(demanded) = demanded else { return };
    let rules = work.entries("security_rules");
    let place = Place {
        location: work.object.attribute("location").as_str().unwrap_or_default(),
        cloud: session.environment(),
        rules: &rules,
    };
    for conflict in neighbours::conflicts(&demanded.policy, neighbours, place) {
        conflict.refuse(diagnostics);
    }
}

/// A rule collection group carries no mark, so one of that name is ours only beside a group that does.
fn check_firewall(work: &Work<'_>, found: &Found, diagnostics: &mut Diagnostics) {
    let target = work.targets.firewall.as_ref();
    let Some(target) = target.filter(|_| found.looked.contains(&Part::Firewall)) else {
        return;
    };
    let Some(document) = &found.firewall else {
        if !target.is_own() {
            let argument = match target {
                FirewallTarget::Classic(_) => "firewall_id",
                FirewallTarget::Group(_) => "rule_collection_group_id",
            };
            let detail = format!("`{}` does not exist.", target.id());
            diagnostics.error_at(Path::attribute(argument), "No place for the firewall rules", detail);
        }
        return;
    };
    if target.is_own() {
        let kind = work.resource.type_name();
        let marked = found
            .group
            .as_ref()
            .is_some_and(|group| work.owns(&tags_of(&group.body), &kind));
        let ours = collection::of(work.object);
        let (there, others) = firewall::split(target, &document.body, &ours, |_| true);
        let finished = work.prior.is_some() && others.is_empty() && unlike(work, there, &ours).is_empty();
        if !marked && !finished {
            let argument = "rule_collection_group_name";
            exists(work, "rule collection group", argument, target.id(), false, diagnostics);
        }
        return;
    }
    if matches!(target, FirewallTarget::Classic(_))
        && let Some(policy) = document
            .body
            .pointer("/properties/firewallPolicy/id")
            .and_then(Json::as_str)
    {
        let detail = format!(
            "`{}` takes its rules from the policy `{policy}`, and Azure refuses collections of its own beside that. Use `firewall_policy_id = \
             \"{policy}\"`.",
            target.id()
        );
        diagnostics.error_at(Path::attribute("firewall_id"), "The firewall has a policy", detail);
        return;
    }
    let ours = collection::of(work.object);
    let (taken, others) = firewall::split(target, &document.body, &ours, |_| true);
    if let Some(name) = others.keys().find(|name| names::is_collection_of_an_owner(name)) {
        let detail = format!(
            "`{}` has the collection `{name}`, which another resource of this provider keeps there as the only owner of the group: it would remove \
             these. Put both policies into one `lockeddown_firewall_rules`, or use another rule collection group.",
            target.id()
        );
        diagnostics.error_at(
            Path::attribute("rule_collection_group_id"),
            "The rule collection group has an owner",
            detail,
        );
    }
    let taken = unlike(work, taken, &ours);
    if let Some(name) = taken.keys().next() {
        names_taken(work, target.id(), name, diagnostics);
    }
    if let Some(conflict) = conflicts::collections(&ours, &others) {
        conflict.refuse(diagnostics);
    }
}

/// On an update, entries that are just as planned are what an earlier attempt has written.
fn unlike(work: &Work<'_>, mut taken: Entries, planned: &Entries) -> Entries {
    if work.prior.is_some() {
        taken.retain(|name, there| !planned.get(name).is_some_and(|planned| forms::same(planned, there)));
    }
    taken
}

/// In a leftover of our own only what is ignored stays.
fn ignored(work: &Work<'_>, output: &str, mut others: Entries) -> Entries {
    let argument = if output == "routes" {
        "ignored_route_name_prefixes"
    } else {
        "ignored_rule_name_prefixes"
    };
    let prefixes = forms::texts(work.object.attribute(argument));
    others.retain(|name, _| forms::begins(name, &prefixes));
    others
}

fn check_guest(
    work: &Work<'_>,
    held: &Held,
    document: &Json,
    taken: &Entries,
    (argument, what): (&str, &str),
    diagnostics: &mut Diagnostics,
) {
    if let Some(mark) = owner::mark_in(&tags_of(document)) {
        let owner = owner::whose(mark).unwrap_or(mark);
        let detail = format!(
            "`{}` belongs to `{owner}`, which keeps it exactly as its own requirements demand and would remove the rules of others. Combine the \
             workloads in one `lockeddown_subnet`, or use a {what} that is managed elsewhere.",
            held.id
        );
        diagnostics.error_at(Path::attribute(argument), format!("The {what} has an owner"), detail);
    }
    if let Some(name) = taken.keys().next() {
        names_taken(work, &held.id, name, diagnostics);
    }
}

/// A table of others keeps its own way with routes that gateways learn.
fn warn_of_propagation(work: &Work<'_>, table: &Json, diagnostics: &mut Diagnostics) {
    let wanted = work.object.attribute("bgp_route_propagation_enabled").as_bool();
    let disabled = table
        .pointer("/properties/disableBgpRoutePropagation")
        .and_then(Json::as_bool);
    if wanted == Some(false) && disabled != Some(true) {
        let detail = format!(
            "`{}` takes over routes that gateways learn, and a longer prefix among them leads past the firewall or appliance. Have its owner turn \
             that off (`bgp_route_propagation_enabled = false`); this resource does not change a table of others.",
            text(table, "id")
        );
        diagnostics.warning_at(
            Path::attribute("route_table_id"),
            "Routes of gateways can lead past the firewall",
            detail,
        );
    }
}

/// Azure associates a subnet with nothing of another region.
fn check_region(found: &Found, document: &Json, (argument, what): (&str, &str), diagnostics: &mut Diagnostics) {
    let Some(network) = &found.network else { return };
    let (home, theirs) = (text(&network.body, "location"), text(document, "location"));
    if normalize_location(home) != normalize_location(theirs) {
        let detail = format!(
            "`{}` is in `{theirs}`, the virtual network in `{home}`: a subnet can only have a {what} of its own region.",
            text(document, "id")
        );
        diagnostics.error_at(Path::attribute(argument), format!("A {what} of another region"), detail);
    }
}

fn names_taken(work: &Work<'_>, place: &ResourceId, name: &str, diagnostics: &mut Diagnostics) {
    let remedy = if work.prior.is_some() {
        "Have it removed, or choose another place or `name`.".to_owned()
    } else {
        format!(
            "If they are left from an interrupted apply, or Terraform shall manage them from now on, import them: `{}`. Otherwise choose another \
             `name`; a replacement with `create_before_destroy` needs one too.",
            import_command(work)
        )
    };
    let detail = format!(
        "`{place}` has an entry `{name}` already, and names that begin with this resource's are its own. {remedy}"
    );
    diagnostics.error_at(Path::attribute("name"), "Names taken", detail);
}
