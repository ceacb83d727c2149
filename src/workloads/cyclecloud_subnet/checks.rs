//! What cannot work, refused with the reason before a rule is made.

use std::collections::BTreeSet;

use super::{
    super::{
        egress::Way,
        inputs::Inputs,
        operators::{is_public, refuse_everybody},
        problem::Stop,
        shared::{SERVER_PLACEMENT, Shared, SubnetSize},
        site::overlap,
    },
    SUBNETS_SEPARATE, Settings,
};
use crate::network::{Known, NetworkPolicy, Prefix};

pub(super) fn check(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    check_needs(inputs, shared, settings)?;
    check_fits(inputs, shared, settings)?;
    check_addresses(inputs, shared, settings)?;
    check_egress(inputs, settings)?;
    check_bastion_name(inputs, shared, settings)?;
    check_size(inputs, shared, &settings.role)
}

/// The other end of a required flow has to be known: role, mode, who, argument, requirement.
const NEEDS: [(&str, &str, &str, &str, &str); 6] = [
    (
        "server",
        "direct",
        "node",
        "node_address_prefixes",
        "CC-NODE-SERVER-HTTPS",
    ),
    (
        "server",
        "return_proxy",
        "return_proxy",
        "return_proxy_address_prefixes",
        "CC-SERVER-PROXY-SSH",
    ),
    (
        "node",
        "direct",
        "server",
        "server_address_prefixes",
        "CC-NODE-SERVER-HTTPS",
    ),
    (
        "node",
        "return_proxy",
        "return_proxy",
        "return_proxy_address_prefixes",
        "CC-NODE-PROXY-HTTPS",
    ),
    (
        "return_proxy",
        "return_proxy",
        "node",
        "node_address_prefixes",
        "CC-NODE-PROXY-HTTPS",
    ),
    (
        "return_proxy",
        "return_proxy",
        "server",
        "server_address_prefixes",
        "CC-SERVER-PROXY-SSH",
    ),
];

fn check_needs(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let roles = settings.roles();
    for (role, mode, other, argument, requirement) in NEEDS {
        let public = requirement == "CC-SERVER-PROXY-SSH" && role == "return_proxy" && settings.proxy_public_ip;
        let among_nodes = role == "return_proxy" && requirement == "CC-SERVER-PROXY-SSH" && settings.has_proxy(shared);
        if (settings.role == role || among_nodes)
            && settings.connection_mode == mode
            && !roles.contains_key(other)
            && !public
            && !shared.waived.contains_key(requirement)
        {
            let here = settings.proxies_here(shared);
            let why = here.first().filter(|_| among_nodes).map_or_else(String::new, |proxy| {
                format!(" The return proxy `{proxy}` is in this subnet, where the server has to reach it.")
            });
            let detail = format!(
                "With `connection_mode` `{mode}` the rule of {requirement} needs to know the other end: set `{argument}` or \
                 `application_security_groups.{other}_id`.{why}"
            );
            return Err(inputs
                .findings()
                .error(inputs.path(argument), "Missing argument", detail));
        }
    }
    let missing = |argument: &str, detail: &str| {
        Err(inputs
            .findings()
            .error(inputs.path(argument), "Missing argument", detail))
    };
    // A server on premises may reach its nodes through the jump host from the internet, and nobody reaches it.
    let dials_in = settings.server_placement == "on_premises" && !settings.server_public_ips.is_empty();
    let waived = |requirement| shared.waived.contains_key(requirement);
    if settings.role == "jump_host"
        && !roles.contains_key("server")
        && !dials_in
        && !["CC-JUMP-SERVER-SSH", "CC-JUMP-SERVER-WEB"].into_iter().all(waived)
    {
        return missing(
            "server_address_prefixes",
            "`role` is `jump_host`: the rules of CC-JUMP-SERVER-SSH and CC-JUMP-SERVER-WEB need to know the server. Set \
             `server_address_prefixes` or `application_security_groups.server_id`; for a server on premises that comes over the internet, \
             `server_public_ip_prefixes`.",
        );
    }
    if settings.role == "azure_bastion" && settings.web.is_none() && !waived("CC-BASTION-HTTPS") {
        return missing(
            "web_source_address_prefixes",
            "`role` is `azure_bastion`: Azure refuses a network security group on AzureBastionSubnet without the rule of CC-BASTION-HTTPS, which \
             needs to know who opens Azure Bastion. Set `web_source_address_prefixes`.",
        );
    }
    if settings.role == "return_proxy" && settings.connection_mode != "return_proxy" {
        let detail =
            "`role` is `return_proxy`, but `connection_mode` is `direct`: set `connection_mode = \"return_proxy\"`.";
        return Err(inputs
            .findings()
            .error(inputs.path("connection_mode"), "Roles that do not fit", detail));
    }
    if settings.role == "server" && settings.server_placement == "on_premises" {
        let detail = "`role` is `server` and `server_placement` is `on_premises`: a server on premises stands in no subnet of Azure \
                      (CC-SERVER-ON-PREMISES-EGRESS). Expand the roles `node` and `return_proxy` instead.";
        return Err(inputs
            .findings()
            .error(inputs.path("server_placement"), "No such subnet", detail));
    }
    if settings.storage_access == "private_endpoint"
        && settings.storage_endpoints.is_empty()
        && settings.reaches_storage()
    {
        return missing(
            "storage_private_endpoint_address_prefixes",
            "With `storage_access` `private_endpoint` the rule of CC-SERVER-STORAGE-PRIVATE needs the private endpoints' addresses.",
        );
    }
    if settings.package_source == "mirror" && settings.mirror.is_empty() && settings.role == "node" {
        return missing(
            "package_mirror",
            "With `package_source` `mirror` the rule of CC-NODE-PACKAGE-MIRROR needs `package_mirror.address_prefixes`.",
        );
    }
    if settings.proxy_public_ip && settings.server_public_ips.is_empty() && settings.has_proxy(shared) {
        return missing(
            "server_public_ip_prefixes",
            "With `return_proxy_public_ip_enabled` the rule of CC-SERVER-PROXY-SSH-PUBLIC needs the server's public prefixes.",
        );
    }
    Ok(())
}

/// What another setting would need to have an effect: whoever wrote it believes that it holds.
fn check_fits(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let refuse = |argument: &str, setting: &str, given: &str, wanted: &str| {
        let detail = format!(
            "`{argument}` is set and `{setting}` is `{given}`, which does not use it. Leave it out, or set `{setting} = {wanted}`."
        );
        Err(inputs
            .findings()
            .error(inputs.path(argument), "Argument without effect", detail))
    };
    if !settings.storage_endpoints.is_empty() && settings.storage_access != "private_endpoint" {
        let argument = "storage_private_endpoint_address_prefixes";
        return refuse(
            argument,
            "storage_access",
            &settings.storage_access,
            "\"private_endpoint\"",
        );
    }
    if !settings.mirror.is_empty() && settings.package_source != "mirror" {
        return refuse(
            "package_mirror",
            "package_source",
            &settings.package_source,
            "\"mirror\"",
        );
    }
    for (argument, prefixes) in [
        ("server_public_ip_prefixes", &settings.server_public_ips),
        ("return_proxy_public_ip_prefixes", &settings.proxy_public_ips),
    ] {
        if settings.role == "return_proxy" && !prefixes.is_empty() && !settings.proxy_public_ip {
            return refuse(argument, "return_proxy_public_ip_enabled", "false", "true");
        }
    }
    let elsewhere = settings.server_placement != "same_virtual_network";
    let (own, other) = match settings.role.as_str() {
        "server" => ("server", "node"),
        role => (role, "server"),
    };
    if elsewhere && settings.groups.contains_key(other) && !shared.waived.contains_key(SERVER_PLACEMENT) {
        let detail = format!(
            "`application_security_groups.{other}_id` is set and `server_placement` is `{}`: a rule names groups of one virtual network, and the \
             {other} is not in that of the {own}. Name its prefixes instead.",
            settings.server_placement
        );
        let path = inputs.path("application_security_groups").child(format!("{other}_id"));
        return Err(inputs.findings().error(path, "Group of another network", detail));
    }
    Ok(())
}

/// Whoever is at the other end is somebody, and stands where the configuration says.
fn check_addresses(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    for (argument, prefixes) in [
        ("server_address_prefixes", &settings.servers),
        ("node_address_prefixes", &settings.nodes),
        ("return_proxy_address_prefixes", &settings.proxies),
        ("server_public_ip_prefixes", &settings.server_public_ips),
        ("return_proxy_public_ip_prefixes", &settings.proxy_public_ips),
        ("storage_private_endpoint_address_prefixes", &settings.storage_endpoints),
        ("package_mirror", &settings.mirror),
    ] {
        refuse_everybody(inputs, shared, inputs.path(argument), prefixes)?;
    }
    for (argument, whose, prefixes) in [
        ("server_public_ip_prefixes", "the server", &settings.server_public_ips),
        (
            "return_proxy_public_ip_prefixes",
            "the return proxy",
            &settings.proxy_public_ips,
        ),
    ] {
        if let Some(private) = prefixes.iter().find(|prefix| !is_public(prefix)) {
            let detail = format!(
                "`{private}` is private, and `{argument}` are the addresses by which {whose} is seen on the internet \
                 (CC-SERVER-PROXY-SSH-PUBLIC). Private ones belong in the argument of that name without `public_ip`."
            );
            return Err(inputs
                .findings()
                .error(inputs.path(argument), "Not a public address", detail));
        }
    }
    let placement = settings.server_placement.as_str();
    if placement == "same_virtual_network" || shared.waived.contains_key(SERVER_PLACEMENT) {
        return Ok(());
    }
    let (argument, others) = match settings.role.as_str() {
        "server" => ("node_address_prefixes", &settings.nodes),
        _ => ("server_address_prefixes", &settings.servers),
    };
    let here: BTreeSet<Prefix> = shared.subnet.union(&shared.virtual_network).copied().collect();
    let Some((other, own)) = overlap(others, &here) else {
        return Ok(());
    };
    let detail = format!(
        "`{other}` overlaps `{own}` of this virtual network, and `server_placement` is `{placement}`: server and nodes are then in different \
         networks, and neither peering nor VPN connects overlapping ones. Correct the prefixes, set `server_placement = \
         \"same_virtual_network\"`, or waive {SERVER_PLACEMENT}."
    );
    Err(inputs
        .findings()
        .error(inputs.path(argument), "Server in this network", detail))
}

fn check_egress(inputs: &Inputs<'_>, settings: &Settings) -> Result<(), Stop> {
    if settings.github_staging && !matches!(settings.egress.way, Way::Firewall { .. } | Way::Proxy { .. }) {
        let detail = "`github_staging_enabled` needs host names, which an NSG does not know (CC-HOST-GITHUB): set `egress.type` to `firewall` \
                      or `proxy`, or stage the project by hand (CC-PROJECT-STAGING).";
        return Err(inputs.findings().error(
            inputs.path("github_staging_enabled"),
            "Not possible with service tags",
            detail,
        ));
    }
    if settings.role == "jump_host" && matches!(settings.egress.way, Way::Proxy { .. }) {
        let detail = "`egress.type` is `proxy`, and no requirement of a jump host goes through an HTTPS proxy: it reaches the server and the nodes \
                      alone (CC-JUMP-SERVER-SSH). Leave `egress` out; what else the host needs, updates for example, passes by `extra_rules`.";
        return Err(inputs
            .findings()
            .error(inputs.path("egress"), "Not possible for a jump host", detail));
    }
    if settings.role == "azure_bastion" && !matches!(settings.egress.way, Way::ServiceTags) {
        let detail = "AzureBastionSubnet takes no default route to an appliance (CC-BASTION-NO-ROUTES), and Azure Bastion uses no proxy: leave \
                      `egress` out.";
        return Err(inputs
            .findings()
            .error(inputs.path("egress"), "Not possible for Azure Bastion", detail));
    }
    Ok(())
}

/// Azure makes a Bastion in a subnet of that name alone.
fn check_bastion_name(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let requirement = "CC-BASTION-SUBNET";
    let Some(Known::Is(path)) = &shared.subnet_path else {
        return Ok(());
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    if settings.role != "azure_bastion"
        || name.eq_ignore_ascii_case("AzureBastionSubnet")
        || shared.waived.contains_key(requirement)
    {
        return Ok(());
    }
    // A subnet that is born here has prefixes and a name; of another one there is the id.
    let argument = if inputs.is_set("address_prefixes") {
        "name"
    } else {
        "subnet_id"
    };
    let detail = format!(
        "The subnet is called `{name}`, and `role` is `azure_bastion`: Azure makes a Bastion in `AzureBastionSubnet` alone ({requirement}). Name the \
         subnet so, or choose the role of what stands there."
    );
    Err(inputs
        .findings()
        .error(inputs.path(argument), "Not a subnet for Azure Bastion", detail))
}

/// The arguments may show server and nodes in one subnet, which works and is not what the documents ask for.
pub(super) fn warn_of_one_subnet(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings, policy: &NetworkPolicy) {
    let Some(prerequisite) = policy.prerequisites.get(SUBNETS_SEPARATE) else {
        return;
    };
    let Some((argument, other, own)) = settings.shares_subnet(shared) else {
        return;
    };
    let detail = format!(
        "`{other}` overlaps `{own}`, where the role `{}` stands. {} ({SUBNETS_SEPARATE}). {}; or correct the prefixes, or waive \
         {SUBNETS_SEPARATE} with a reason.",
        settings.role, prerequisite.summary, prerequisite.remedy
    );
    inputs
        .findings()
        .warning(inputs.path(argument), "Server and nodes in one subnet", detail);
}

fn check_size(inputs: &Inputs<'_>, shared: &Shared, role: &str) -> Result<(), Stop> {
    let (requirement, longest_ipv4) = match role {
        "azure_bastion" => ("CC-BASTION-SUBNET", 26),
        "node" => ("CC-NODE-SUBNET-SIZE", 29),
        _ => ("CC-SERVER-SUBNET-SIZE", 29),
    };
    shared.check_subnet_size(
        inputs,
        SubnetSize {
            requirement,
            longest_ipv4,
        },
    )
}
