//! The junction box: a machine beside the license server that holds the tunnel, and the script settings that go with it.

use std::collections::BTreeSet;

use super::super::{
    argument::{Argument, Default, Kind as Holds},
    inputs::{Inputs, parsed},
    problem::Stop,
};
use crate::network::{Known, PortRange, Prefix};

pub(super) static ARGUMENTS: &[Argument] = &[
    Argument::optional(
        "connection",
        Holds::Choice(&["point_to_site", "node_dials"]),
        "`point_to_site`: the junction box dials Azure's VPN gateway, nodes talk to its address in the client pool and it forwards, because \
         point to site does not reach networks behind a client. `node_dials`: every node dials the junction box, as the document has it.",
    )
    .or(Default::Text("point_to_site")),
    Argument::optional(
        "address_prefixes",
        Holds::TextSet,
        "Addresses of the junction box as others dial it. Required for `node_dials`.",
    ),
    Argument::optional(
        "vpn_client_address_pool",
        Holds::Text,
        "The gateway's pool of client addresses. Required for `point_to_site`.",
    ),
    Argument::optional(
        "tunnel_protocol",
        Holds::Choice(&["ikev2", "openvpn"]),
        "`ikev2` (UDP 500 and 4500) or `openvpn` (TCP 443).",
    )
    .or(Default::Text("ikev2")),
    Argument::optional(
        "forwarded_ports",
        Holds::TextSet,
        "Ports that the junction box may forward. Defaults to every manager's; a manager whose port is missing is refused.",
    ),
];

pub(super) static SCRIPT: &[Argument] = &[
    Argument::optional("platforms", Holds::TextSet, "`linux`, `windows`. Defaults to both."),
    Argument::optional(
        "check_interval_minutes",
        Holds::Number,
        "How often the link is checked, 1 to 1440 minutes.",
    )
    .or(Default::Number(5)),
    Argument::optional(
        "credential_reference",
        Holds::Text,
        "URI of the Key Vault secret with which nodes dial: a certificate's PFX for `ikev2`, a client profile in base64 for `openvpn`. Never \
         the secret itself; nodes read it with their managed identity. Required for `node_dials`.",
    ),
];

/// How the two ends of the tunnel find each other.
#[derive(Clone, Debug)]
pub(super) enum JunctionBox {
    /// It dials Azure's gateway and has an address of this pool.
    PointToSite { pool: Prefix },
    /// Every node dials it.
    NodeDials { dialled: String },
}

/// The junction box, read.
#[derive(Clone, Debug)]
pub(super) struct Junction {
    pub(super) kind: JunctionBox,
    pub(super) addresses: BTreeSet<Prefix>,
    pub(super) openvpn: bool,
    pub(super) forwarded: BTreeSet<PortRange>,
}

pub(super) fn read(inputs: &Inputs<'_>) -> Result<Option<Junction>, Stop> {
    inputs.object("junction_box", |junction| {
        let connection = junction.choice("connection");
        let addresses = junction.prefixes("address_prefixes");
        let pool = junction.text("vpn_client_address_pool");
        let protocol = junction.choice("tunnel_protocol");
        let forwarded = junction.texts("forwarded_ports");
        let addresses = addresses?;
        if connection == Ok("node_dials".to_owned()) {
            for argument in ["vpn_client_address_pool", "forwarded_ports"] {
                if junction.is_set(argument) {
                    let detail = format!(
                        "`{argument}` is set and `connection` is `node_dials`: the junction box then has no address of Azure's pool and routes \
                         instead of forwarding (LIC-JUNCTION-VPN-SERVER). Leave it out."
                    );
                    return Err(junction
                        .findings()
                        .error(junction.path(argument), "Argument of another type", detail));
                }
            }
        }
        let missing = |argument: &str, detail: &str| {
            Err(junction
                .findings()
                .error(junction.path(argument), "Missing argument", detail))
        };
        let kind = match (connection?.as_str(), pool?) {
            ("node_dials", _) => match super::servers::single_address(&addresses) {
                Some(address) => JunctionBox::NodeDials {
                    dialled: address,
                },
                None => {
                    return missing(
                        "address_prefixes",
                        "`connection` is `node_dials`: nodes dial one address of the junction box (LIC-NODE-DIALS-IKE). Set \
                         `address_prefixes` to it.",
                    );
                }
            },
            (_, Some(pool)) => JunctionBox::PointToSite {
                pool: parsed(junction, "vpn_client_address_pool", "Invalid address prefix", &pool)?,
            },
            (_, None) => {
                return missing(
                    "vpn_client_address_pool",
                    "`connection` is `point_to_site`: nodes reach the junction box at an address of the gateway's client pool \
                     (LIC-JUNCTION-CLIENT-POOL). Set `vpn_client_address_pool`.",
                );
            }
        };
        let forwarded: Result<BTreeSet<PortRange>, Stop> = forwarded?
            .iter()
            .map(|text| parsed(junction, "forwarded_ports", "Invalid port", text))
            .collect();
        Ok(Junction {
            kind,
            addresses,
            openvpn: protocol? == "openvpn",
            forwarded: forwarded?,
        })
    })
}

/// How the scripts are rendered.
#[derive(Clone, Debug)]
pub(super) struct ScriptSettings {
    pub(super) platforms: BTreeSet<String>,
    pub(super) minutes: i64,
    pub(super) credential: Option<Known<String>>,
}

pub(super) fn read_script(inputs: &Inputs<'_>) -> Result<ScriptSettings, Stop> {
    let all = || BTreeSet::from(["linux".to_owned(), "windows".to_owned()]);
    let read = inputs.object("startup_script", |script| {
        let platforms = script.texts("platforms");
        let minutes = script.number("check_interval_minutes");
        let credential = read_credential(script);
        let (platforms, minutes) = (platforms?, minutes?.unwrap_or(5));
        if let Some(other) = platforms.iter().find(|platform| !all().contains(*platform)) {
            let detail = format!("`{other}` is not a platform: there are scripts for `linux` and `windows`.");
            return Err(script
                .findings()
                .error(script.path("platforms"), "Unknown platform", detail));
        }
        if !(1..=1440).contains(&minutes) {
            let detail = format!("`check_interval_minutes` is `{minutes}`: 1 to 1440 minutes are possible.");
            return Err(script
                .findings()
                .error(script.path("check_interval_minutes"), "Out of range", detail));
        }
        Ok(ScriptSettings {
            platforms: if platforms.is_empty() { all() } else { platforms },
            minutes,
            credential: credential?,
        })
    })?;
    Ok(read.unwrap_or_else(|| ScriptSettings {
        platforms: all(),
        minutes: 5,
        credential: None,
    }))
}

/// A secret in place of its URI would be in every script and in Terraform's state; so the refusal does not repeat the value.
fn read_credential(script: &Inputs<'_>) -> Result<Option<Known<String>>, Stop> {
    let credential = script.leaf("credential_reference")?;
    let of_a_uri = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '/' | ':');
    if let Some(Known::Is(text)) = &credential
        && !(text.starts_with("https://") && text.contains("/secrets/") && text.chars().all(of_a_uri))
    {
        return Err(script.findings().error(
            script.path("credential_reference"),
            "Not the URI of a secret",
            "`credential_reference` must be the URI of a Key Vault secret, `https://<vault>.vault.azure.net/secrets/<name>`: scripts are no \
             place for a secret (LIC-JUNCTION-SHARED-KEY).",
        ));
    }
    Ok(credential)
}
