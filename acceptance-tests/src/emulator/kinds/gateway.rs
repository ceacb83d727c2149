//! `virtualNetworkGateways`, `localNetworkGateways` and the `connections` between them.

use serde_json::{Value, json};

use super::{Kind, Reference, Write, member, optional_text, refers_to_nothing, shows_nothing_more, texts};
use crate::emulator::prefixes;
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource, reference, text};

/// As far as a connection needs it: making one takes half an hour, and nothing here does.
pub(super) static GATEWAY: Kind = Kind {
    segment: "virtualNetworkGateways",
    label: "VirtualNetworkGateway",
    children: &[],
    read_only: &[],
    used_by_subnets: None,
    complete: complete_nothing,
    check: check_gateway,
    show: shows_nothing_more,
    references: refers_to_nothing,
};

pub(super) static LOCAL: Kind = Kind {
    segment: "localNetworkGateways",
    label: "LocalNetworkGateway",
    children: &[],
    read_only: &[],
    used_by_subnets: None,
    complete: complete_local,
    check: check_local,
    show: shows_nothing_more,
    references: refers_to_nothing,
};

pub(super) static CONNECTION: Kind = Kind {
    segment: "connections",
    label: "VirtualNetworkGatewayConnection",
    children: &[],
    read_only: &[
        "connectionStatus",
        "egressBytesTransferred",
        "ingressBytesTransferred",
        "tunnelConnectionStatus",
    ],
    used_by_subnets: None,
    complete: complete_connection,
    check: check_connection,
    show: show_connection,
    references,
};

const TYPES: [&str; 4] = ["IPsec", "Vnet2Vnet", "ExpressRoute", "VPNClient"];

fn check_gateway(write: &Write<'_>) -> Result<(), Refusal> {
    let kind = optional_text(&write.new.properties, "gatewayType")?.unwrap_or_default();
    match member(&["Vpn", "ExpressRoute"], kind) {
        Some(_) => Ok(()),
        None => Err(Refusal::unreadable(format!(
            "Error converting value \"{kind}\". Path 'properties.gatewayType'."
        ))),
    }
}

fn check_local(write: &Write<'_>) -> Result<(), Refusal> {
    let gateway = write.new;
    let address = optional_text(&gateway.properties, "gatewayIpAddress")?;
    let name = optional_text(&gateway.properties, "fqdn")?;
    match (address, name) {
        (Some(address), None) if address.parse::<std::net::Ipv4Addr>().is_ok() => {}
        (None, Some(_)) => {}
        (Some(address), None) => {
            return Err(Refusal::bad(
                "InvalidIPAddress",
                format!(
                    "The gateway address {address} of {} is not an IPv4 address.",
                    gateway.id
                ),
            ));
        }
        _ => {
            return Err(Refusal::bad(
                "LocalNetworkGatewayFqdnAndIpAddress",
                format!(
                    "Exactly one of gatewayIpAddress and fqdn must be given for {}.",
                    gateway.id
                ),
            ));
        }
    }
    let space = gateway
        .properties
        .get("localNetworkAddressSpace")
        .and_then(Value::as_object);
    for prefix in space
        .map(|space| texts(space, "addressPrefixes"))
        .transpose()?
        .unwrap_or_default()
    {
        super::subnet::parsed(prefix, &gateway.id)?;
    }
    let bgp = gateway.properties.get("bgpSettings").filter(|bgp| !bgp.is_null());
    if let Some(bgp) = bgp {
        let asn = bgp.get("asn").and_then(Value::as_u64).unwrap_or_default();
        let peer = bgp.get("bgpPeeringAddress").and_then(Value::as_str).unwrap_or_default();
        if !(1..=4_294_967_295).contains(&asn) || prefixes::address_or_prefix(peer).is_none() {
            return Err(Refusal::bad(
                "InvalidBgpSettings",
                format!("{} needs an ASN and a BGP peering address.", gateway.id),
            ));
        }
    }
    Ok(())
}

fn check_connection(write: &Write<'_>) -> Result<(), Refusal> {
    let connection = write.new;
    let properties = &connection.properties;
    let kind = optional_text(properties, "connectionType")?.unwrap_or_default();
    let kind = member(&TYPES, kind).ok_or_else(|| {
        Refusal::unreadable(format!(
            "Error converting value \"{kind}\". Path 'properties.connectionType'."
        ))
    })?;
    let whole = Value::Object(properties.clone());
    let missing = |name: &str| {
        Refusal::bad(
            "InvalidRequestFormat",
            format!("Connection {} of type {kind} needs properties.{name}.", connection.id),
        )
    };
    if reference(&whole, "virtualNetworkGateway1").is_none() {
        return Err(missing("virtualNetworkGateway1"));
    }
    if kind == "IPsec" && reference(&whole, "localNetworkGateway2").is_none() {
        return Err(missing("localNetworkGateway2"));
    }
    if properties.get("enableBgp") == Some(&json!(true)) {
        let local = reference(&whole, "localNetworkGateway2").map(str::to_lowercase);
        let local = local.and_then(|id| write.azure.resources.get(&id));
        if local.is_some_and(|local| local.properties.get("bgpSettings").is_none_or(Value::is_null)) {
            return Err(Refusal::bad(
                "BgpSettingsMissing",
                format!(
                    "Connection {} enables BGP, but its local network gateway has no bgpSettings.",
                    connection.id
                ),
            ));
        }
    }
    match optional_text(properties, "sharedKey")? {
        Some(key) => check_key(key),
        None => Ok(()),
    }
}

/// 1-128 printable ASCII characters. Source: vpn-gateway-faq, "pre-shared key".
pub(in crate::emulator) fn check_key(key: &str) -> Result<(), Refusal> {
    let printable = |character: char| (' '..='~').contains(&character);
    if (1..=128).contains(&key.len()) && key.chars().all(printable) {
        Ok(())
    } else {
        // Azure's text, as ours, does not repeat the key.
        Err(Refusal::bad(
            "InvalidSharedKey",
            "The shared key must have 1 to 128 printable ASCII characters.",
        ))
    }
}

fn complete_nothing(_: &mut Resource) {}

fn complete_local(gateway: &mut Resource) {
    gateway.properties.retain(|_, value| !value.is_null());
    gateway
        .properties
        .entry("localNetworkAddressSpace")
        .or_insert_with(|| json!({ "addressPrefixes": [] }));
}

fn complete_connection(connection: &mut Resource) {
    let properties = &mut connection.properties;
    properties.retain(|_, value| !value.is_null());
    for (name, default) in [
        ("connectionProtocol", json!("IKEv2")),
        ("routingWeight", json!(0)),
        ("enableBgp", json!(false)),
        ("useLocalAzureIpAddress", json!(false)),
        ("usePolicyBasedTrafficSelectors", json!(false)),
        ("ipsecPolicies", json!([])),
        ("trafficSelectorPolicies", json!([])),
        ("packetCaptureDiagnosticState", json!("None")),
        ("expressRouteGatewayBypass", json!(false)),
        ("dpdTimeoutSeconds", json!(0)),
        ("connectionMode", json!("Default")),
    ] {
        properties.entry(name).or_insert(default);
    }
}

/// A recorded GET has the shared key in clear, as every answer; the status only once nothing is under way.
fn show_connection(connection: &Resource, shown: &mut Object) {
    if let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) {
        if connection.state() == "Succeeded" {
            properties.insert("connectionStatus".to_owned(), json!("Unknown"));
        }
        for (name, value) in [
            ("ingressBytesTransferred", json!(0)),
            ("egressBytesTransferred", json!(0)),
        ] {
            properties.insert(name.to_owned(), value);
        }
    }
}

fn references(connection: &Resource) -> Vec<Reference> {
    let properties = Value::Object(connection.properties.clone());
    let named = [
        ("virtualNetworkGateway1", GATEWAY.segment),
        ("virtualNetworkGateway2", GATEWAY.segment),
        ("localNetworkGateway2", LOCAL.segment),
    ];
    let found = named.into_iter().filter_map(|(property, kind)| {
        Some(Reference {
            from: connection.id.clone(),
            kind,
            to: reference(&properties, property)?.to_owned(),
        })
    });
    found.collect()
}

/// What a connection keeps although a PUT does not say it: Azure makes a key where none is given, and forgets none.
pub(in crate::emulator) fn keep_key(new: &mut Resource, old: Option<&Resource>) {
    if new.kind.segment == CONNECTION.segment && text(&new.properties, "sharedKey").is_none_or(str::is_empty) {
        let kept = old
            .and_then(|old| text(&old.properties, "sharedKey"))
            .unwrap_or("made-by-the-service");
        new.properties.insert("sharedKey".to_owned(), kept.into());
    }
}
