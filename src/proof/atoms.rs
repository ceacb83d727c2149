//! Names for addresses that nobody listed: service tags, hosts, application security groups, a subnet whose prefixes are not known.
//!
//! What is known of two of them is declared here, each with its reason; everything else may overlap. A name is never taken to lie
//! wholly inside another one unless that is declared: Microsoft publishes no tag for what another tag covers by accident.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::addresses::{self, AddressSet};

/// The number of an atom in its [`World`].
pub type AtomId = usize;

/// A set of addresses known by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// A service tag in its own spelling; Azure compares without case.
    Tag(String),
    /// A host, with `*.` for every host below it, perhaps with a path.
    Host(String),
    /// An FQDN tag of Azure Firewall.
    HostTag(String),
    /// Hosts that nobody lists: a web category, or names known only after apply.
    Hosts(String),
    /// Application security groups by ARM id, in lower case; `None` while the id is not known.
    Groups(Option<BTreeSet<String>>),
    /// An IP group by ARM id, in lower case, of which nobody said what is in it.
    IpGroup(String),
    /// The subnet itself, where its prefixes are not known.
    Subnet,
}

impl fmt::Display for Atom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |ids: &BTreeSet<String>| {
            let name = |id: &String| id.rsplit('/').next().unwrap_or(id).to_owned();
            ids.iter().map(name).collect::<Vec<_>>().join(", ")
        };
        match self {
            Atom::Tag(name) | Atom::Host(name) => formatter.write_str(name),
            Atom::HostTag(name) => write!(formatter, "FQDN tag {name}"),
            Atom::Hosts(what) => formatter.write_str(what),
            Atom::Groups(Some(ids)) => formatter.write_str(&names(ids)),
            Atom::Groups(None) => formatter.write_str("an application security group still to be created"),
            Atom::IpGroup(id) => write!(formatter, "the IP group {}", id.rsplit('/').next().unwrap_or(id)),
            Atom::Subnet => formatter.write_str("the subnet"),
        }
    }
}

/// What is known of two atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They are one.
    Same,
    /// Every address of the first is one of the second.
    Inside,
    /// Every address of the second is one of the first.
    Around,
    /// They have no address in common.
    Disjoint,
    /// Nobody said.
    Possible,
}

/// What a proof knows of addresses: the names in use, and the virtual network around the subnet.
#[derive(Clone, Debug, Default)]
pub struct World {
    atoms: Vec<Atom>,
    /// Where each atom lies at most; asked for in every cut.
    bounds: Vec<AddressSet>,
    /// Host to the tag that covers it.
    covers: Vec<(AtomId, AtomId)>,
    /// Addresses that surely belong to the virtual network.
    network: Option<AddressSet>,
    /// Prefixes of user-defined routes, which the tag `VirtualNetwork` holds too.
    routed: Option<AddressSet>,
    /// Whether the subnet, where its prefixes are not known, counts as one of IPv4 only.
    subnet_is_ipv4: bool,
    /// Tags whose addresses are known, in lower case.
    resolved: BTreeMap<String, AddressSet>,
}

impl World {
    /// A world in which these addresses belong to the virtual network, and routes exist to those.
    pub fn new(network: AddressSet, routed: AddressSet) -> World {
        World {
            network: Some(network),
            routed: Some(routed),
            ..World::default()
        }
    }

    /// Says that nothing is asked of IPv6 in a subnet whose prefixes are not known. To be said before the subnet is spoken of.
    pub fn leave_ipv6_aside(&mut self) {
        self.subnet_is_ipv4 = true;
    }

    /// Says which addresses a tag stands for, from a service tag file.
    pub fn resolve(&mut self, tag: &str, addresses: AddressSet) {
        self.resolved.insert(tag.to_lowercase(), addresses);
    }

    /// The addresses a tag stands for, where somebody said it.
    pub fn resolved(&self, tag: &str) -> Option<AddressSet> {
        self.resolved.get(&tag.to_lowercase()).cloned()
    }

    /// The number of an atom; a new one if it is new.
    pub fn atom(&mut self, atom: Atom) -> AtomId {
        let same = |other: &Atom| match (other, &atom) {
            (Atom::Tag(one), Atom::Tag(two)) => one.eq_ignore_ascii_case(two),
            (Atom::Host(one), Atom::Host(two)) => one.eq_ignore_ascii_case(two),
            (one, two) => one == two,
        };
        if let Some(id) = self.atoms.iter().position(same) {
            return id;
        }
        self.bounds.push(self.bounds_of(&atom));
        self.atoms.push(atom);
        self.atoms.len() - 1
    }

    /// Declares that the tag covers the host's addresses.
    pub fn cover(&mut self, host: AtomId, tag: AtomId) {
        if self.covers.contains(&(host, tag)) {
            return;
        }
        self.covers.push((host, tag));
        if let Some(Atom::Tag(name)) = self.atoms.get(tag)
            && let Some(addresses) = self.resolved(name)
            && let Some(bounds) = self.bounds.get_mut(host)
        {
            *bounds = bounds.and(&addresses);
        }
    }

    /// What an atom is called.
    pub fn name(&self, id: AtomId) -> String {
        self.atoms.get(id).map(ToString::to_string).unwrap_or_default()
    }

    /// The atom of a number.
    pub fn get(&self, id: AtomId) -> Option<&Atom> {
        self.atoms.get(id)
    }

    /// Addresses that surely belong to the virtual network.
    pub fn network(&self) -> AddressSet {
        self.network.clone().unwrap_or_else(AddressSet::none)
    }

    /// Public addresses that `VirtualNetwork` may hold besides: "address prefixes used on user-defined routes. This tag might also contain
    /// default routes" (service-tags-overview).
    fn routed_beyond(&self) -> AddressSet {
        let routed = self.routed.as_ref().map(|routed| routed.and(addresses::public()));
        routed.map_or_else(AddressSet::none, |routed| routed.without(&self.network()))
    }

    /// Addresses beyond which the atom has none.
    pub fn bounds(&self, id: AtomId) -> AddressSet {
        self.bounds.get(id).cloned().unwrap_or_else(AddressSet::none)
    }

    fn bounds_of(&self, atom: &Atom) -> AddressSet {
        let network = self.network();
        let private = || addresses::public().complement();
        // Azure's own address is no machine's.
        let machines = private().without(addresses::platform());
        match atom {
            Atom::Tag(tag) => match context(tag) {
                Some(Context::Internet) => addresses::public().without(&network),
                Some(Context::VirtualNetwork) => {
                    let routed = self.routed.clone().unwrap_or_else(AddressSet::none);
                    private().or(&network).or(&routed)
                }
                Some(Context::LoadBalancer | Context::PlatformDns) => addresses::platform().clone(),
                Some(Context::PlatformMetadata) => addresses::metadata().clone(),
                Some(Context::PlatformLicences) => AddressSet::all(),
                None => self.resolved(tag).unwrap_or_else(|| addresses::public().clone()),
            },
            Atom::Host(_) | Atom::HostTag(_) | Atom::Hosts(_) => addresses::public().clone(),
            Atom::IpGroup(_) => AddressSet::all(),
            Atom::Subnet if !network.is_empty() => network,
            Atom::Subnet if self.subnet_is_ipv4 => machines.and(addresses::every_ipv4()),
            Atom::Groups(_) | Atom::Subnet => machines.or(&network),
        }
    }

    /// Where to look for an address of the atom: whoever asks for all of this surely finds one. Everything that Microsoft publishes has
    /// IPv4 addresses.
    pub fn sure_part(&self, id: AtomId) -> AddressSet {
        let bounds = self.bounds(id);
        match self.atoms.get(id) {
            // "Might also contain default routes" is no promise.
            Some(Atom::Tag(tag)) if context(tag) == Some(Context::VirtualNetwork) => {
                let usual = addresses::public().complement().or(&self.network());
                bounds.and(&usual).and(addresses::every_ipv4())
            }
            Some(Atom::Tag(_) | Atom::Host(_) | Atom::HostTag(_) | Atom::Hosts(_)) => {
                bounds.and(addresses::every_ipv4())
            }
            _ => bounds,
        }
    }

    /// Addresses that the atom surely holds.
    pub fn core(&self, id: AtomId) -> AddressSet {
        match self.atoms.get(id) {
            Some(Atom::Tag(tag)) => match context(tag) {
                // "Everything outside the virtual network that the public internet reaches".
                Some(Context::Internet) => self.bounds(id),
                Some(Context::VirtualNetwork) => self.network().or(addresses::platform()),
                Some(Context::LoadBalancer | Context::PlatformDns) => addresses::platform().clone(),
                Some(Context::PlatformMetadata) => addresses::metadata().clone(),
                _ => AddressSet::none(),
            },
            _ => AddressSet::none(),
        }
    }

    /// What is known of the two.
    pub fn relation(&self, one: AtomId, other: AtomId) -> Relation {
        let (Some(first), Some(second)) = (self.atoms.get(one), self.atoms.get(other)) else {
            return Relation::Possible;
        };
        if one == other {
            // Two groups that do not exist yet need not be one.
            return if matches!(first, Atom::Groups(None)) {
                Relation::Possible
            } else {
                Relation::Same
            };
        }
        if self.is_inside(one, first, other, second) {
            return Relation::Inside;
        }
        if self.is_inside(other, second, one, first) {
            return Relation::Around;
        }
        if self.are_apart(first, other, second) || self.are_apart(second, one, first) {
            return Relation::Disjoint;
        }
        Relation::Possible
    }

    /// Whether the two surely have addresses in common, though neither holds the other: every service stands in the cloud's datacentres, and has
    /// some of its addresses in `AzureCloud` (files of three clouds, azure-requirements 7). Of one region that is not always so.
    pub fn surely_meet(&self, one: AtomId, other: AtomId) -> bool {
        let is_cloud =
            |id: AtomId| matches!(self.atoms.get(id), Some(Atom::Tag(tag)) if tag.eq_ignore_ascii_case("AzureCloud"));
        let is_service = |id: AtomId| matches!(self.atoms.get(id), Some(Atom::Tag(tag)) if is_of_the_cloud(tag));
        is_cloud(one) && is_service(other) || is_cloud(other) && is_service(one)
    }

    fn is_inside(&self, one: AtomId, first: &Atom, other: AtomId, second: &Atom) -> bool {
        match (first, second) {
            (Atom::Host(name), Atom::Host(pattern)) => host_matches(pattern, name),
            (Atom::Host(_), Atom::Tag(_)) => {
                self.tags_covering(one)
                    .any(|tag| tag == other || self.relation(tag, other) == Relation::Inside)
                    || self.is_internet(other)
            }
            (Atom::HostTag(_) | Atom::Hosts(_), Atom::Tag(_)) => self.is_internet(other),
            (Atom::Tag(small), Atom::Tag(large)) => match (context(small), context(large)) {
                (None, Some(Context::Internet)) => true,
                // The global form covers the regional ones by address range (files of three clouds, azure-requirements 7).
                (None, None) => is_regional_form(small, large),
                (Some(Context::LoadBalancer | Context::PlatformDns), Some(Context::VirtualNetwork)) => true,
                _ => false,
            },
            (Atom::Groups(_) | Atom::Subnet, Atom::Tag(tag)) => matches!(context(tag), Some(Context::VirtualNetwork)),
            (Atom::Groups(Some(small)), Atom::Groups(Some(large))) => small.is_subset(large),
            _ => false,
        }
    }

    /// Whether the first surely has no address of the second, whose number is `other`.
    fn are_apart(&self, first: &Atom, other: AtomId, second: &Atom) -> bool {
        let is_beyond_the_network = || !self.bounds(other).meets(&self.routed_beyond());
        match (first, second) {
            (Atom::Tag(first), Atom::Tag(second)) => match (context(first), context(second)) {
                (Some(Context::VirtualNetwork), None | Some(Context::Internet)) => is_beyond_the_network(),
                (Some(Context::LoadBalancer | Context::PlatformDns), None | Some(Context::Internet)) => true,
                _ => false,
            },
            (Atom::Host(one), Atom::Host(other)) => !hosts_cross(one, other),
            (Atom::Tag(tag), Atom::Host(_) | Atom::HostTag(_) | Atom::Hosts(_)) => match context(tag) {
                Some(Context::VirtualNetwork) => is_beyond_the_network(),
                Some(Context::LoadBalancer | Context::PlatformDns) => true,
                _ => false,
            },
            (Atom::Groups(_) | Atom::Subnet, Atom::Tag(tag)) => {
                matches!(
                    context(tag),
                    None | Some(Context::Internet | Context::LoadBalancer | Context::PlatformDns)
                )
            }
            (Atom::Groups(_) | Atom::Subnet, Atom::Host(_) | Atom::HostTag(_) | Atom::Hosts(_)) => true,
            _ => false,
        }
    }

    fn tags_covering(&self, host: AtomId) -> impl Iterator<Item = AtomId> + '_ {
        self.covers
            .iter()
            .filter(move |(covered, _)| *covered == host)
            .map(|(_, tag)| *tag)
    }

    fn is_internet(&self, id: AtomId) -> bool {
        matches!(self.atoms.get(id), Some(Atom::Tag(tag)) if matches!(context(tag), Some(Context::Internet)))
    }
}

/// Tags that no file lists, because they depend on where the rule stands (azure-requirements 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    VirtualNetwork,
    Internet,
    LoadBalancer,
    PlatformDns,
    PlatformMetadata,
    /// Which addresses that are Azure does not say.
    PlatformLicences,
}

fn context(tag: &str) -> Option<Context> {
    let known = [
        ("VirtualNetwork", Context::VirtualNetwork),
        ("Internet", Context::Internet),
        ("AzureLoadBalancer", Context::LoadBalancer),
        ("AzurePlatformDNS", Context::PlatformDns),
        ("AzurePlatformIMDS", Context::PlatformMetadata),
        ("AzurePlatformLKM", Context::PlatformLicences),
    ];
    let found = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(tag));
    found.map(|(_, context)| context)
}

/// Whether it is a service's tag for every region, which `AzureCloud` always meets. Exchange Online Protection's are not Azure's.
fn is_of_the_cloud(tag: &str) -> bool {
    context(tag).is_none() && !tag.contains('.') && !tag.eq_ignore_ascii_case("EOPExternalPublishedIPs")
}

/// Whether a rule for the tag decides about what otherwise passes every group: what Azure's platform answers at its own addresses.
pub fn is_platform(tag: &str) -> bool {
    use Context::{PlatformDns, PlatformLicences, PlatformMetadata};
    matches!(context(tag), Some(PlatformDns | PlatformMetadata | PlatformLicences))
}

fn is_regional_form(small: &str, large: &str) -> bool {
    let head = small.get(..large.len());
    let dot = small.get(large.len()..).is_some_and(|rest| rest.starts_with('.'));
    dot && head.is_some_and(|head| head.eq_ignore_ascii_case(large))
}

/// Azure Firewall's patterns: `*.x.com` (not `x.com`), `*x.com` (also `anyx.com`), `*`. In a URL the path may end in an asterisk.
fn host_matches(pattern: &str, name: &str) -> bool {
    let (pattern, pattern_path) = split_path(pattern);
    let (name, path) = split_path(name);
    let within = match (pattern_path, path) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(pattern), Some(path)) => path_matches(pattern, path),
    };
    within && name_matches(pattern, name)
}

/// Whether two patterns may have a URL in common. Application rules see names, and two names are two hosts; of two patterns one holds the
/// other, or none. Paths may cross all the same: `*.x.com/a/*` and `y.x.com`.
fn hosts_cross(one: &str, other: &str) -> bool {
    let ((one, one_path), (other, other_path)) = (split_path(one), split_path(other));
    let paths_cross = match (one_path, other_path) {
        (Some(one), Some(other)) => path_matches(one, other) || path_matches(other, one),
        _ => true,
    };
    paths_cross && (name_matches(one, other) || name_matches(other, one))
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(tail) => {
            let end = name.len().checked_sub(tail.len());
            end.and_then(|end| name.get(end..))
                .is_some_and(|end| end.eq_ignore_ascii_case(tail))
        }
        None => pattern.eq_ignore_ascii_case(name),
    }
}

fn path_matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => path.starts_with(head),
        None => pattern == path,
    }
}

fn split_path(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((host, path)) => (host, Some(path)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_mean_what_azure_firewall_takes_them_for() {
        assert!(host_matches("*.x.com", "a.x.com") && host_matches("*.x.com", "*.b.x.com"));
        assert!(!host_matches("*.x.com", "x.com") && host_matches("*x.com", "anyx.com"));
        assert!(
            host_matches("h.com/a/*", "h.com/a/b")
                && !host_matches("h.com/a/*", "h.com")
                && host_matches("h.com", "h.com/a")
        );
    }

    #[test]
    fn urls_may_cross_where_none_holds_the_other() {
        let mut world = World::default();
        let mut host = |name: &str| world.atom(Atom::Host(name.to_owned()));
        let (admin, x, users, y) = (
            host("*.contoso.com/admin/*"),
            host("x.contoso.com"),
            host("x.contoso.com/users/*"),
            host("y.example.org"),
        );
        assert_eq!(world.relation(admin, x), Relation::Possible);
        assert_eq!(world.relation(users, x), Relation::Inside);
        assert_eq!(world.relation(admin, users), Relation::Disjoint);
        assert_eq!(world.relation(x, y), Relation::Disjoint);
    }

    #[test]
    fn what_is_declared_of_tags() {
        let mut world = World::default();
        let mut tag = |name: &str| world.atom(Atom::Tag(name.to_owned()));
        let (global, west, internet, network) = (
            tag("Storage"),
            tag("storage.WestEurope"),
            tag("Internet"),
            tag("VirtualNetwork"),
        );
        let (probes, vault) = (tag("AzureLoadBalancer"), tag("AzureKeyVault"));
        assert_eq!(tag("STORAGE"), global);
        assert_eq!(world.relation(west, global), Relation::Inside);
        assert_eq!(world.relation(internet, west), Relation::Around);
        assert_eq!(world.relation(global, vault), Relation::Possible);
        assert_eq!(world.relation(network, global), Relation::Disjoint);
        assert_eq!(world.relation(probes, internet), Relation::Disjoint);
        assert_eq!(world.relation(probes, network), Relation::Inside);
    }

    #[test]
    fn under_a_default_route_the_virtual_network_may_be_everything() {
        let everything = addresses::of_prefix(&"0.0.0.0/0".parse().unwrap());
        let mut world = World::new(AddressSet::none(), everything);
        let (network, internet) = (
            world.atom(Atom::Tag("VirtualNetwork".to_owned())),
            world.atom(Atom::Tag("Internet".to_owned())),
        );
        assert_eq!(world.relation(network, internet), Relation::Possible);
    }

    #[test]
    fn the_virtual_network_may_hold_what_a_route_names() {
        let routed = addresses::of_prefix(&"20.0.0.0/8".parse().unwrap());
        let mut world = World::new(AddressSet::none(), routed);
        world.resolve("Storage", addresses::of_prefix(&"20.60.0.0/16".parse().unwrap()));
        world.resolve("Sql", addresses::of_prefix(&"40.1.0.0/16".parse().unwrap()));
        let mut tag = |name: &str| world.atom(Atom::Tag(name.to_owned()));
        let (network, internet, storage, sql) = (tag("VirtualNetwork"), tag("Internet"), tag("Storage"), tag("Sql"));
        assert_eq!(world.relation(network, internet), Relation::Possible);
        assert_eq!(world.relation(network, storage), Relation::Possible);
        assert_eq!(world.relation(network, sql), Relation::Disjoint);
    }
}
