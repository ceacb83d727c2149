//! What cannot work for Databricks: subnets that do not fit, places that do not match.

use std::collections::BTreeMap;

use super::Settings;
use crate::{
    network::{Family, Known, Prefix, PrerequisiteStatus, RuleName, SecurityRule, SecurityRules},
    regions::normalize_location,
    workloads::{
        arm_id,
        inputs::Inputs,
        operators::refuse_everybody,
        problem::Stop,
        shared::{Isolation, Shared, check_place},
    },
};

/// What the names of the rules begin with that Databricks writes.
const AZURES_NAMES: &str = "Microsoft.Databricks-workspaces_UseOnly_";
const SIZE: &str = "ADB-SUBNET-SIZE";
/// The longest mask that Databricks takes.
const LONGEST: u8 = 26;
/// Addresses of each subnet that Azure keeps.
const RESERVED: i64 = 5;

/// Arguments that every workload has, where they mean nothing here.
pub(super) fn shared_arguments(inputs: &Inputs<'_>, shared: &Shared) -> Result<(), Stop> {
    if !shared.local.is_empty() {
        let detail = "`subnet_address_prefixes` is for workloads of one subnet, and ADB-TWO-SUBNETS asks for two. Set \
                      `public_subnet_address_prefixes` and `private_subnet_address_prefixes` alone.";
        return Err(inputs
            .findings()
            .error(inputs.path("subnet_address_prefixes"), "Two subnets", detail));
    }
    if shared.isolation == Isolation::Strict {
        let detail = "`isolation` is `strict`, but Databricks' own rules (ADB-WORKER-IN, ADB-WORKER-OUT) allow all of VirtualNetwork at priorities \
                      100 and 103, ahead of every deny: nothing would be closed. Use `internet`.";
        return Err(inputs
            .findings()
            .error(inputs.path("isolation"), "Not possible for Databricks", detail));
    }
    Ok(())
}

/// Azure writes its rules into the same groups: what stands where they stand would be refused when the workspace is created.
pub(super) fn extra_rules(inputs: &Inputs<'_>, shared: &Shared, managed: &SecurityRules) -> Result<(), Stop> {
    for rule in shared.extra_rules.values() {
        let path = inputs.path("extra_rules").key(rule.name.as_str());
        if rule
            .name
            .as_str()
            .to_ascii_lowercase()
            .starts_with(&AZURES_NAMES.to_ascii_lowercase())
        {
            let detail = format!(
                "`{}` begins with `{AZURES_NAMES}`, as the rules do that Databricks writes itself. Rename it.",
                rule.name
            );
            return Err(inputs.findings().error(path, "Azure's own name", detail));
        }
        let stands_there = |other: &&SecurityRule| other.direction == rule.direction && other.priority == rule.priority;
        if let Some(other) = managed.values().find(stands_there) {
            let detail = format!(
                "`{}` stands at priority {} {}, where Databricks writes `{}`. Leave `priority` out, or choose one from 200 on.",
                rule.name, rule.priority, rule.direction, other.name
            );
            return Err(inputs
                .findings()
                .error(path.child("priority"), "Priority taken", detail));
        }
    }
    Ok(())
}

/// Subnets of their own, apart and large enough.
pub(super) fn subnets(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let refused = |argument: &str, summary: &str, detail: String| {
        Err(inputs.findings().error(inputs.path(argument), summary, detail))
    };
    let (public, private) = (&settings.public, &settings.private);
    for (argument, subnet) in [("public_subnet_name", public), ("private_subnet_name", private)] {
        // A subnet's name follows the rules of security rules' names (resource-name-rules).
        if let Err(error) = subnet.name.parse::<RuleName>() {
            return refused(argument, "Invalid subnet name", format!("{error}."));
        }
    }
    if public.name.eq_ignore_ascii_case(&private.name) {
        let detail = format!(
            "`public_subnet_name` and `private_subnet_name` are both `{}`: ADB-TWO-SUBNETS asks for two subnets. Rename one.",
            private.name
        );
        return refused("private_subnet_name", "One name for two subnets", detail);
    }
    for (argument, subnet) in [("public_subnet_name", public), ("private_subnet_name", private)] {
        if subnet.name.eq_ignore_ascii_case(&settings.default_subnet) {
            let detail = format!(
                "`{argument}` is `{}`, which `default_subnet_name` says is the virtual network's own subnet: the subnets of Databricks are \
                 for Databricks alone (ADB-TWO-SUBNETS). Rename one.",
                subnet.name
            );
            return refused(argument, "Not a subnet of its own", detail);
        }
    }
    let overlap = |one: &&Prefix| public.prefixes.iter().any(|other| other.overlaps(one));
    if let Some(prefix) = private.prefixes.iter().find(overlap) {
        let detail = format!(
            "`{prefix}` overlaps `public_subnet_address_prefixes`: two subnets share no address (ADB-TWO-SUBNETS). Choose another prefix."
        );
        return refused(private.argument, "Subnets that overlap", detail);
    }
    if shared.waived.contains_key(SIZE) {
        return Ok(());
    }
    let nodes = match settings.maximum_nodes {
        Some(nodes) if nodes < 1 => {
            let detail = format!("`maximum_node_count` is `{nodes}`: a cluster has at least one node.");
            return refused("maximum_node_count", "Not a count of nodes", detail);
        }
        nodes => nodes.unwrap_or(1),
    };
    for subnet in [public, private] {
        refuse_everybody(inputs, shared, inputs.path(subnet.argument), &subnet.prefixes)?;
        let ipv4 = subnet.prefixes.iter().filter(|prefix| prefix.family() == Family::V4);
        let (mut room, mut longest) = (0_i64, 0_u8);
        for prefix in ipv4 {
            room += (1_i64 << (32 - i64::from(prefix.length()))) - RESERVED;
            longest = longest.max(prefix.length());
        }
        if longest == 0 {
            let detail = format!(
                "`{}` has no IPv4 prefix: Databricks gives its nodes IPv4 addresses ({SIZE}). Add one, of /{LONGEST} or shorter.",
                subnet.argument
            );
            return refused(subnet.argument, "IPv4 needed", detail);
        }
        if longest > LONGEST {
            let detail = format!(
                "`{}` holds a /{longest}: {SIZE} demands /{LONGEST} or shorter of each subnet. Use a larger one.",
                subnet.argument
            );
            return refused(subnet.argument, "Subnet of the wrong size", detail);
        }
        if room < nodes {
            let detail = format!(
                "`{}` has room for {room} nodes beside the {RESERVED} addresses that Azure reserves, and `maximum_node_count` is `{nodes}` \
                 ({SIZE}). Use a larger subnet, or lower `maximum_node_count`.",
                subnet.argument
            );
            return refused(subnet.argument, "Subnet of the wrong size", detail);
        }
    }
    Ok(())
}

/// Where things stand, as far as the arguments tell; what cannot work is refused.
pub(super) fn placement(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
) -> Result<BTreeMap<&'static str, PrerequisiteStatus>, Stop> {
    let mut holds = BTreeMap::from([(SIZE, PrerequisiteStatus::Satisfied)]);
    let refused = |argument: &str, summary: &str, detail: String| {
        Err(inputs.findings().error(inputs.path(argument), summary, detail))
    };
    let same_place = "ADB-SAME-SUBSCRIPTION-AND-REGION";
    let network = arm_id::known(settings.virtual_network.as_ref());
    let subscription = network.and_then(|id| id.split('/').nth(2));
    let (mut region, mut account) = (false, false);
    if let Some(place) = arm_id::known(settings.workspace_location.as_ref()) {
        check_place(inputs, "workspace_location", place, shared.environment, &shared.waived)?;
        if let Some(Known::Is(location)) = inputs.leaf("location")? {
            region = normalize_location(place) == normalize_location(&location);
            if !region && !shared.waived.contains_key(same_place) {
                let detail = format!(
                    "`workspace_location` is `{place}` and `location` is `{location}`: {same_place} wants the virtual network in the workspace's \
                     region. Use a virtual network there."
                );
                return refused("workspace_location", "Not in one region", detail);
            }
        }
    }
    if let (Some(wanted), Some(subscription)) = (arm_id::known(settings.workspace_subscription.as_ref()), subscription)
    {
        account = wanted.eq_ignore_ascii_case(subscription);
        if !account && !shared.waived.contains_key(same_place) {
            let detail = format!(
                "`workspace_subscription_id` is `{wanted}` and the virtual network is in `{subscription}`: {same_place} wants them in one \
                 subscription. Use a virtual network of the workspace's."
            );
            return refused("workspace_subscription_id", "Not in one subscription", detail);
        }
    }
    if region && account {
        holds.insert(same_place, PrerequisiteStatus::Satisfied);
    }
    let same_network = "ADB-STORAGE-SAME-VNET";
    if let (Some(storage), Some(network)) = (arm_id::known(settings.storage_network.as_ref()), network) {
        let same = storage
            .trim_end_matches('/')
            .eq_ignore_ascii_case(network.trim_end_matches('/'));
        if !same && !shared.waived.contains_key(same_network) {
            let detail = format!(
                "`storage_virtual_network_id` is `{storage}`, another virtual network than `virtual_network_id`: {same_network} wants the workspace's \
                 storage accounts in Databricks' own. Open them to it."
            );
            return refused("storage_virtual_network_id", "Not in one virtual network", detail);
        }
        holds.insert(same_network, PrerequisiteStatus::Satisfied);
    }
    Ok(holds)
}
