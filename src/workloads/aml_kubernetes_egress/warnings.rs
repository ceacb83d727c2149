//! What should be known about a cluster's outbound, and may be waived.

use super::Settings;
use crate::{
    regions::Cloud,
    requirements::{Kind, Requirement},
    workloads::{egress::Way, scene::Scene, shared::HOSTS_NAMED},
};

/// Names nobody gave become wildcards.
pub(super) fn wildcards(scene: &Scene<'_>, settings: &Settings) {
    let uses = |placeholder: &str| {
        scene.rows(&[Kind::Host]).any(|row| {
            let host = row
                .peer_in(scene.shared.environment)
                .and_then(|peer| peer.host.as_deref());
            host.is_some_and(|host| host.contains(placeholder))
        })
    };
    let open: Vec<&str> = [
        ("workspace_guid", "{workspace_guid}", settings.workspace_guid.is_none()),
        (
            "storage_account_names",
            "{storage_account_names}",
            settings.storage_accounts.is_empty(),
        ),
        (
            "container_registry_name",
            "{container_registry_name}",
            settings.container_registry.is_none(),
        ),
    ]
    .into_iter()
    .filter(|(_, placeholder, missing)| *missing && uses(placeholder))
    .map(|(argument, _, _)| argument)
    .collect();
    let Some(first) = open.first().filter(|_| !scene.shared.waived.contains_key(HOSTS_NAMED)) else {
        return;
    };
    let detail = format!(
        "Without `{}` the hosts begin with a wildcard, which also opens what belongs to others. Set them, or waive the check: \
         waived_requirements = {{ \"{HOSTS_NAMED}\" = \"why\" }}.",
        open.join("`, `")
    );
    warn(scene, first, "Wider than the requirement", detail);
}

/// UDP, and TCP beside the web's.
pub(super) fn what_no_proxy_carries(scene: &Scene<'_>) {
    if !matches!(scene.egress.way, Way::Proxy { .. }) {
        return;
    }
    let web = |row: &Requirement| {
        row.protocol.as_deref() == Some("Tcp")
            && (row.tls || row.ports.iter().all(|port| matches!(port.as_str(), "80" | "443")))
    };
    let there = |row: &Requirement| {
        let peer = row.peer_in(scene.shared.environment);
        peer.is_some_and(|peer| match &peer.argument {
            Some(argument) => {
                let argument = argument.as_str();
                scene
                    .prefixes
                    .get(argument)
                    .is_some_and(|prefixes| !prefixes.is_empty())
                    || scene.values.0.get(argument).is_some_and(|names| !names.is_empty())
            }
            None => true,
        })
    };
    let ids: Vec<&str> = scene
        .rows(&[Kind::Flow, Kind::Host])
        .filter(|row| scene.starts_here(row) && !web(row) && there(row))
        .map(|row| row.id.as_str())
        .collect();
    if ids.is_empty() {
        return;
    }
    let detail = format!(
        "An HTTPS proxy carries no UDP and no TCP but the web's. These need a way of their own: {}. Give them one, or waive them with a \
         reason in `waived_requirements`.",
        ids.join(", ")
    );
    warn(scene, "egress", "What no proxy carries", detail);
}

/// The documents' table of hosts has no column for the other clouds, so there nothing of Azure Machine Learning is opened.
pub(super) fn the_tables_cloud(scene: &Scene<'_>) {
    let cloud = scene.shared.environment;
    let api = "AML-K8S-API";
    if cloud == Cloud::Public || scene.shared.waived.contains_key(api) {
        return;
    }
    let detail = format!(
        "The documents name the hosts of Azure Machine Learning for Kubernetes in the public cloud only, so none of them is opened in \
         `{cloud}`. Add what your workspace's endpoints are called there to the firewall or proxy, and waive {api} with a reason."
    );
    warn(scene, "environment", "Hosts that no document names", detail);
}

fn warn(scene: &Scene<'_>, argument: &str, summary: &str, detail: String) {
    let findings = scene.inputs.findings();
    findings.warning(scene.inputs.path(argument), summary, detail);
}
