//! Scripts for nodes and junction box, from the templates beside this file. Nothing secret is ever put into one: a node that dials
//! reads its credential from Key Vault with its managed identity when it runs.

use tfplugin_rs::value::Value;

use super::{
    junction_box::{Junction, JunctionBox, ScriptSettings},
    servers::{Named, license_file},
};
use crate::{
    network::{PortRange, Prefix, Protocol},
    regions::Cloud,
};

/// What the scripts are made of.
pub(super) struct Scripts<'s> {
    pub(super) settings: &'s ScriptSettings,
    pub(super) servers: &'s [Named<'s>],
    pub(super) junction: Option<&'s Junction>,
    /// The Key Vault secret with which nodes dial.
    pub(super) credential: &'s str,
    pub(super) cloud: Cloud,
}

impl Scripts<'_> {
    /// What a node runs at boot, by platform.
    pub(super) fn startup(&self) -> Value {
        Value::object(self.settings.platforms.iter().map(|platform| {
            let script = if platform == "linux" {
                self.linux_node()
            } else {
                self.windows_node()
            };
            (platform.clone(), Value::from(script))
        }))
    }

    /// What the junction box runs, by platform and purpose; empty without one.
    pub(super) fn junction_box(&self) -> Value {
        let Some(junction) = self.junction else {
            return Value::object::<String>([]);
        };
        let dials = matches!(junction.kind, JunctionBox::PointToSite { .. });
        let mut linux = vec![
            ("account", Value::from(include_str!("account.sh"))),
            ("forwarding", self.linux_forwarding(dials).into()),
        ];
        let mut windows = vec![
            ("account", Value::from(include_str!("account.ps1"))),
            ("forwarding", self.windows_forwarding(dials).into()),
        ];
        if dials {
            linux.push(("redial", self.linux_redial(junction.openvpn).into()));
            windows.push(("redial", self.windows_redial(junction.openvpn).into()));
        }
        Value::object([("linux", Value::object(linux)), ("windows", Value::object(windows))])
    }

    fn linux_node(&self) -> String {
        let environment = license_file(self.servers, ":");
        let environment = environment.map_or_else(
            || "# No FlexNet manager: nothing to point programs at.".to_owned(),
            |value| format!("export LM_LICENSE_FILE='{value}'"),
        );
        let endpoints = self.endpoints(|host, port| format!("{host} {port}"));
        let dial = self.dial(
            (include_str!("dial_ikev2.sh"), include_str!("dial_openvpn.sh")),
            |server| server.to_owned(),
        );
        fill(
            include_str!("node.sh"),
            &[
                ("environment", &environment),
                ("dial", dial.trim_end()),
                ("endpoints", &endpoints),
                ("minutes", &self.settings.minutes.to_string()),
            ],
        )
    }

    fn windows_node(&self) -> String {
        let environment = license_file(self.servers, ";");
        let environment = environment.map_or_else(
            || "# No FlexNet manager: nothing to point programs at.".to_owned(),
            |value| format!("[Environment]::SetEnvironmentVariable('LM_LICENSE_FILE', '{value}', 'Machine')"),
        );
        let endpoints = self.endpoints(|host, port| format!("    @{{ Name = '{host}'; Port = {port} }}"));
        let dial = self.dial(
            (include_str!("dial_ikev2.ps1"), include_str!("dial_openvpn.ps1")),
            |server| format!("'{server}'"),
        );
        fill(
            include_str!("node.ps1"),
            &[
                ("environment", &environment),
                ("dial", dial.trim_end()),
                ("endpoints", &endpoints),
                ("minutes", &self.settings.minutes.to_string()),
            ],
        )
    }

    /// Only TCP can be checked from outside: who sends UDP into the void hears nothing either way.
    fn endpoints(&self, line: impl Fn(&str, u16) -> String) -> String {
        let lines: Vec<String> = self
            .servers
            .iter()
            .flat_map(|named| named.server.managers.iter().map(move |manager| (manager, &named.host)))
            .filter(|(manager, _)| manager.protocol == Protocol::Tcp)
            .map(|(manager, host)| line(host, manager.port))
            .collect();
        lines.join("\n")
    }

    /// How a node dials the junction box; nothing where it does not.
    fn dial(&self, (ikev2, openvpn): (&str, &str), quoted: impl Fn(&str) -> String) -> String {
        let Some(Junction {
            kind: JunctionBox::NodeDials { dialled },
            openvpn: over_tls,
            ..
        }) = self.junction
        else {
            return String::new();
        };
        let vault = match self.cloud {
            Cloud::Public => "https%3A%2F%2Fvault.azure.net",
            Cloud::UsGovernment => "https%3A%2F%2Fvault.usgovcloudapi.net",
            Cloud::China => "https%3A%2F%2Fvault.azure.cn",
        };
        let servers: Vec<String> = self.addresses().iter().map(|address| quoted(address)).collect();
        fill(
            if *over_tls { openvpn } else { ikev2 },
            &[
                ("vault_resource", vault),
                ("credential", self.credential),
                ("junction_box", dialled),
                ("servers", &servers.join(", ")),
            ],
        )
    }

    fn addresses(&self) -> Vec<String> {
        let prefixes = self.servers.iter().flat_map(|named| &named.server.addresses);
        prefixes.map(Prefix::to_string).collect()
    }

    fn linux_forwarding(&self, translates: bool) -> String {
        let mut translations = Vec::new();
        let mut forwards = Vec::new();
        for (server, protocol, range) in self.forwards() {
            let protocol = protocol.as_str().to_ascii_lowercase();
            if translates {
                translations.push(format!(
                    "        fib daddr type local {protocol} dport {range} dnat to {server}"
                ));
            }
            forwards.push(format!("        ip daddr {server} {protocol} dport {range} accept"));
        }
        fill(
            include_str!("forwarding.sh"),
            &[
                ("translations", &translations.join("\n")),
                ("forwards", &forwards.join("\n")),
                ("servers", &self.addresses().join(", ")),
            ],
        )
    }

    fn windows_forwarding(&self, translates: bool) -> String {
        if !translates {
            return include_str!("routing.ps1").to_owned();
        }
        let forwards: Vec<String> = self
            .forwards()
            .into_iter()
            .filter(|(_, protocol, _)| *protocol == Protocol::Tcp)
            .map(|(server, _, range)| {
                format!(
                    "    @{{ Server = '{server}'; First = {}; Last = {} }}",
                    range.first(),
                    range.last()
                )
            })
            .collect();
        fill(include_str!("forwarding.ps1"), &[("forwards", &forwards.join("\n"))])
    }

    /// Server, protocol and ports of everything that passes the junction box.
    fn forwards(&self) -> Vec<(String, Protocol, PortRange)> {
        let mut forwards = Vec::new();
        for named in self.servers {
            let addresses = match named.server.single_address() {
                Some(address) => vec![address],
                None => named.server.addresses.iter().map(Prefix::to_string).collect(),
            };
            for manager in &named.server.managers {
                for range in manager.ports() {
                    forwards.extend(
                        addresses
                            .iter()
                            .map(|address| (address.clone(), manager.protocol, range)),
                    );
                }
            }
        }
        forwards
    }

    fn linux_redial(&self, openvpn: bool) -> String {
        let redial = if openvpn {
            "systemctl is-active --quiet openvpn-client@license-link || systemctl restart openvpn-client@license-link"
        } else {
            "swanctl --list-sas --ike license-link 2> /dev/null | grep -q ESTABLISHED || swanctl --initiate --child license-link > /dev/null"
        };
        let minutes = self.settings.minutes.to_string();
        fill(include_str!("redial.sh"), &[("redial", redial), ("minutes", &minutes)])
    }

    fn windows_redial(&self, openvpn: bool) -> String {
        let redial = if openvpn {
            "if ((Get-Service -Name OpenVPNService).Status -ne ''Running'') { Start-Service -Name OpenVPNService }"
        } else {
            "if ((Get-VpnConnection -AllUserConnection -Name license-link).ConnectionStatus -ne ''Connected'') { rasdial license-link }"
        };
        let minutes = self.settings.minutes.to_string();
        fill(include_str!("redial.ps1"), &[("redial", redial), ("minutes", &minutes)])
    }
}

/// A template with its `{{placeholders}}` replaced.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}
