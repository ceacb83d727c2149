//! The license servers and what runs on them: ports, names, and the variable that points programs at them.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::Value;

use super::super::{
    argument::{Argument, Default, Kind as Holds},
    inputs::{Inputs, parsed},
    problem::Stop,
};
use crate::network::{Known, PortRange, Prefix, Protocol};

pub(super) static ARGUMENTS: &[Argument] = &[
    Argument::required("address_prefixes", Holds::TextSet, "Addresses of the server."),
    Argument::optional(
        "hostname",
        Holds::Text,
        "The name in the license file, which must resolve on the nodes. Needed where the address alone does not name the server.",
    ),
    Argument::required(
        "managers",
        Holds::ObjectMap(MANAGER),
        "License managers on the server, by a name that becomes part of their rules' names.",
    ),
];

static MANAGER: &[Argument] = &[
    Argument::required(
        "type",
        Holds::Choice(&["flexnet", "explicit"]),
        "`flexnet` has a manager's port and a vendor daemon's; `explicit` has the ports listed here.",
    ),
    Argument::optional(
        "port",
        Holds::Number,
        "Port of the license manager. Defaults to `27000` for `flexnet`; required for `explicit`.",
    ),
    Argument::optional(
        "vendor_port",
        Holds::Number,
        "Port of the vendor daemon, pinned in the license file. Required for `flexnet`.",
    ),
    Argument::optional("extra_ports", Holds::TextSet, "Further ports and ranges."),
    Argument::optional("protocol", Holds::Choice(&["Tcp", "Udp"]), "`Tcp` or `Udp`.").or(Default::Text("Tcp")),
];

/// A license server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) addresses: BTreeSet<Prefix>,
    pub(super) hostname: Option<Known<String>>,
    pub(super) managers: Vec<Manager>,
}

/// A license manager.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    /// Server and manager: what its rules are called after.
    pub(super) name: String,
    /// Its key in `managers`.
    pub(super) key: String,
    pub(super) flexnet: bool,
    pub(super) port: u16,
    pub(super) vendor_port: Option<u16>,
    pub(super) extra_ports: BTreeSet<PortRange>,
    pub(super) protocol: Protocol,
}

/// FlexNet's own choice where the license file names no port.
const FLEXNET_PORT: i64 = 27_000;

/// Rules carry these names, and a rule's name has at most 80 characters.
const LONGEST_NAME: usize = 24;

pub(super) fn read(inputs: &Inputs<'_>) -> Result<Vec<Server>, Stop> {
    let servers = inputs.objects("license_servers", read_server)?;
    if servers.is_empty() {
        return Err(inputs.findings().error(
            inputs.path("license_servers"),
            "Missing argument",
            "`license_servers` is empty: there is nothing to link (LIC-MANAGER).",
        ));
    }
    for name in servers.keys() {
        check_name(inputs, "license_servers", name)?;
    }
    let servers: Vec<Server> = servers.into_values().collect();
    check_managers(inputs, &servers)?;
    Ok(servers)
}

/// A server has each port once, and rules are called after server and manager together, which Azure compares without case.
fn check_managers(inputs: &Inputs<'_>, servers: &[Server]) -> Result<(), Stop> {
    let mut called: BTreeMap<String, (&Server, &Manager)> = BTreeMap::new();
    for server in servers {
        let managers = inputs.path("license_servers").key(&server.name).child("managers");
        let mut used: Vec<(PortRange, &Manager)> = Vec::new();
        for manager in &server.managers {
            let path = managers.clone().key(&manager.key);
            if manager.vendor_port == Some(manager.port) {
                let detail = format!(
                    "`vendor_port` is `{0}` and so is `port`: manager and vendor daemon listen apart (LIC-VENDOR). Set the port that the \
                     license file pins (`VENDOR name port=number`).",
                    manager.port
                );
                return Err(inputs
                    .findings()
                    .error(path.child("vendor_port"), "Port used twice", detail));
            }
            for range in manager.ports() {
                let meets = |(other, of): &&(PortRange, &Manager)| {
                    of.protocol == manager.protocol && other.first() <= range.last() && range.first() <= other.last()
                };
                if let Some((_, of)) = used.iter().find(meets) {
                    let detail = format!(
                        "Managers `{}` and `{}` of license server `{}` both use port `{range}`: on one server only one of them can listen \
                         there (LIC-SERVER-PORTS). Correct the ports.",
                        of.key, manager.key, server.name
                    );
                    return Err(inputs.findings().error(path, "Port used twice", detail));
                }
            }
            used.extend(manager.ports().into_iter().map(|range| (range, manager)));
            if let Some((other, same)) = called.insert(manager.name.to_ascii_lowercase(), (server, manager)) {
                let detail = format!(
                    "Manager `{}` of `{}` and manager `{}` of `{}` would both be called `{}` in rules. Rename one.",
                    same.key, other.name, manager.key, server.name, manager.name
                );
                return Err(inputs.findings().error(path, "Name taken", detail));
            }
        }
    }
    Ok(())
}

fn check_name(inputs: &Inputs<'_>, argument: &str, name: &str) -> Result<(), Stop> {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(plain) {
        return Ok(());
    }
    let detail = format!(
        "`{name}` becomes part of rule names: up to {LONGEST_NAME} letters, digits, `_`, `-` and `.` are possible. Choose another key."
    );
    Err(inputs
        .findings()
        .error(inputs.path(argument).key(name), "Unusable name", detail))
}

fn read_server(name: &str, server: &Inputs<'_>) -> Result<Server, Stop> {
    let addresses = server.prefixes("address_prefixes");
    let hostname = read_hostname(server);
    let managers = server.objects("managers", |manager, inputs| read_manager(name, manager, inputs));
    let (addresses, managers) = (addresses?, managers?);
    for (argument, empty) in [
        ("address_prefixes", addresses.is_empty()),
        ("managers", managers.is_empty()),
    ] {
        if empty {
            let detail = format!("`{argument}` of license server `{name}` is empty (LIC-SERVER-PORTS).");
            return Err(server
                .findings()
                .error(server.path(argument), "Missing argument", detail));
        }
    }
    for manager in managers.keys() {
        check_name(server, "managers", manager)?;
    }
    Ok(Server {
        name: name.to_owned(),
        addresses,
        hostname: hostname?,
        managers: managers.into_values().collect(),
    })
}

/// It stands in scripts, so nothing but a host name may be in it.
fn read_hostname(server: &Inputs<'_>) -> Result<Option<Known<String>>, Stop> {
    let hostname = server.leaf("hostname")?;
    let of_a_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_');
    if let Some(Known::Is(text)) = &hostname
        && (text.is_empty() || text.starts_with('-') || !text.chars().all(of_a_name))
    {
        let detail = format!("`{text}` is not a host name (LIC-SERVER-NAME).");
        return Err(server
            .findings()
            .error(server.path("hostname"), "Invalid host name", detail));
    }
    Ok(hostname)
}

fn read_manager(server: &str, name: &str, manager: &Inputs<'_>) -> Result<Manager, Stop> {
    let kind = manager.choice("type");
    let port = read_port(manager, "port");
    let vendor_port = read_port(manager, "vendor_port");
    let extra_ports = manager.texts("extra_ports");
    let protocol = manager.choice("protocol");
    let flexnet = kind? == "flexnet";
    let (port, vendor_port) = (port?, vendor_port?);
    let missing = |argument: &str, detail: String| {
        Err(manager
            .findings()
            .error(manager.path(argument), "Missing argument", detail))
    };
    if flexnet && vendor_port.is_none() {
        return missing(
            "vendor_port",
            format!(
                "Manager `{name}` is `flexnet`: its vendor daemon takes a random port, which no rule can let through, unless the license file \
                 pins it (`VENDOR name port=number`). Pin it and set `vendor_port` (LIC-VENDOR)."
            ),
        );
    }
    if !flexnet && vendor_port.is_some() {
        let detail = format!(
            "Manager `{name}` is `explicit` and has a `vendor_port`: vendor daemons are FlexNet's (LIC-VENDOR). Set `type = \"flexnet\"`, or \
             list the port in `extra_ports`."
        );
        return Err(manager
            .findings()
            .error(manager.path("vendor_port"), "Argument of another type", detail));
    }
    let port = match port {
        Some(port) => port,
        None if flexnet => u16::try_from(FLEXNET_PORT).map_err(|_| Stop)?,
        None => {
            return missing(
                "port",
                format!("Manager `{name}` is `explicit`: set its `port` (LIC-SERVER-PORTS)."),
            );
        }
    };
    let extra_ports: Result<BTreeSet<PortRange>, Stop> = extra_ports?
        .iter()
        .map(|text| parsed(manager, "extra_ports", "Invalid port", text))
        .collect();
    Ok(Manager {
        name: format!("{server}_{name}"),
        key: name.to_owned(),
        flexnet,
        port,
        vendor_port,
        extra_ports: extra_ports?,
        protocol: if protocol? == "Udp" {
            Protocol::Udp
        } else {
            Protocol::Tcp
        },
    })
}

fn read_port(manager: &Inputs<'_>, argument: &str) -> Result<Option<u16>, Stop> {
    match manager.number(argument)? {
        None => Ok(None),
        Some(number) => match u16::try_from(number) {
            Ok(port @ 1..) => Ok(Some(port)),
            _ => Err(manager.findings().error(
                manager.path(argument),
                "Invalid port",
                format!("`{number}` is not a port (1 to 65535)."),
            )),
        },
    }
}

impl Manager {
    /// Every port, as ranges.
    pub(super) fn ports(&self) -> BTreeSet<PortRange> {
        let mut ports = self.extra_ports.clone();
        ports.insert(PortRange::single(self.port));
        ports.extend(self.vendor_port.map(PortRange::single));
        ports
    }
}

impl Server {
    /// The one address of the server, if that is what its prefixes are.
    pub(super) fn single_address(&self) -> Option<String> {
        single_address(&self.addresses)
    }
}

/// A prefix of one address, written as an address.
pub(super) fn single_address(prefixes: &BTreeSet<Prefix>) -> Option<String> {
    let text = match prefixes.first() {
        Some(prefix) if prefixes.len() == 1 => prefix.to_string(),
        _ => return None,
    };
    let address = text.strip_suffix("/32").or_else(|| text.strip_suffix("/128"))?;
    Some(address.to_owned())
}

/// A name by which nodes reach a server, with the server.
pub(super) struct Named<'s> {
    pub(super) server: &'s Server,
    pub(super) host: String,
}

/// What programs are told: `LM_LICENSE_FILE` with every FlexNet manager as `port@host`, in the platform's spelling of a list.
pub(super) fn license_file(servers: &[Named<'_>], separator: &str) -> Option<String> {
    let entries: Vec<String> = servers
        .iter()
        .flat_map(|named| named.server.managers.iter().map(move |manager| (manager, &named.host)))
        .filter(|(manager, _)| manager.flexnet)
        .map(|(manager, host)| format!("{}@{host}", manager.port))
        .collect();
    (!entries.is_empty()).then(|| entries.join(separator))
}

/// The variables of a platform as an output.
pub(super) fn variables(license_file: Option<&str>) -> Value {
    Value::object(license_file.map(|value| ("LM_LICENSE_FILE", Value::from(value))))
}
