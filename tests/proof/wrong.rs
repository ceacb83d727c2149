//! Configurations that real projects have and that are wrong, and what a network engineer is told.

use std::fmt::Write as _;

use lockeddown::{
    network::{Known, NetworkPolicy, NextHop, Protocol, Route, RouteDestination},
    proof::{
        exposure::{baseline, exposure},
        lint::lint,
        message,
        model::{Given, Model, WayOut},
        required::allows,
        verdict::Verdict,
    },
};

use crate::expansions::every_expansion;

fn policy(wanted: &str) -> NetworkPolicy {
    let mut found = None;
    every_expansion(|name, policy| {
        if name == wanted {
            found = Some(policy.clone());
        }
    });
    found.unwrap_or_else(|| panic!("no expansion is called {wanted}"))
}

fn egress() -> NetworkPolicy {
    policy("aml_compute_egress / service tags / 2026-08 / public")
}

/// Everything that is said about a policy, one line each.
fn said(given: &Given<'_>) -> String {
    let model = Model::new(given);
    let mut text = String::new();
    for finding in allows(&model) {
        let _ = match finding.verdict {
            Verdict::Proven => Ok(()),
            Verdict::Refuted(obstacle) => writeln!(text, "refuted: {}", message::blocked(finding.required, &obstacle)),
            Verdict::DependsOn { conditions, obstacle } => {
                writeln!(
                    text,
                    "depends: {}",
                    message::unproven(finding.required, &conditions, &obstacle)
                )
            }
        };
    }
    for exposure in exposure(&model)
        .iter()
        .filter(|exposure| exposure.conditions.is_empty())
    {
        let _ = writeln!(text, "exposure: {}", message::exposed(exposure));
    }
    for exposure in baseline(&model)
        .iter()
        .filter(|exposure| exposure.conditions.is_empty())
    {
        let _ = writeln!(text, "baseline: {}", message::exposed(exposure));
    }
    for lint in lint(&model) {
        let _ = writeln!(text, "lint: {}", lint.in_words());
    }
    text
}

fn default_route(next_hop: NextHop) -> Route {
    Route {
        name: "default".parse().unwrap(),
        destination: RouteDestination::Prefix("0.0.0.0/0".parse().unwrap()),
        next_hop,
        requirement_ids: Default::default(),
    }
}

#[test]
fn an_allow_list_without_a_deny_restricts_nothing() {
    let mut policy = egress();
    policy.security_rules.remove("DenyInternetOutbound").unwrap();
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn the_tunnel_is_udp() {
    let mut policy = egress();
    let rule = policy
        .security_rules
        .get_mut("AllowAzureMachineLearningTunnelOutbound")
        .unwrap();
    rule.protocol = Protocol::Tcp;
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn a_tag_that_does_not_exist_opens_nothing() {
    let mut policy = egress();
    let rule = policy.security_rules.get_mut("AllowContainerRegistryOutbound").unwrap();
    rule.destination = lockeddown::network::AddressSide::Tag("ContainerRegistry.WestEurope".parse().unwrap());
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn file_shares_need_445() {
    let mut policy = egress();
    policy.security_rules.remove("AllowStorageSmbOutbound").unwrap();
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn answers_of_compute_with_public_addresses_do_not_go_through_a_firewall() {
    let policy = policy("aml_compute_ingress / public address / 2026-08 / public");
    let route = default_route(NextHop::VirtualAppliance(Known::Is("10.9.0.4".to_owned())));
    let mut given = Given::of_policy(&policy);
    given.routes.push(&route);
    insta::assert_snapshot!(said(&given));
}

#[test]
fn a_forced_tunnel_swallows_what_was_to_leave_directly() {
    let policy = egress();
    let route = default_route(NextHop::VirtualNetworkGateway);
    let mut given = Given::of_policy(&policy);
    given.routes.push(&route);
    given.endpoint_tags.push("Storage.WestEurope".to_owned());
    insta::assert_snapshot!(said(&given));
}

#[test]
fn a_deny_in_front_of_the_firewall_closes_the_hosts_it_would_let_pass() {
    let mut policy = policy("cyclecloud_subnet / server firewall / 2026-08 / public");
    policy.security_rules.remove("AllowFilteredInternet").unwrap();
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn a_private_subnet_without_a_way_out_reaches_nothing() {
    let policy = policy("cyclecloud_subnet / server / 2026-08 / public");
    let given = Given {
        way_out: WayOut::Missing,
        ..Given::of_policy(&policy)
    };
    insta::assert_snapshot!(said(&given));
}

#[test]
fn a_firewall_that_nothing_leads_to_judges_nothing() {
    let mut policy = policy("cyclecloud_subnet / server firewall / 2026-08 / public");
    policy.routes.clear();
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn the_whole_internet_is_more_than_anybody_asked_for() {
    let mut policy = egress();
    let rule = policy.security_rules.get_mut("AllowAzureMonitorOutbound").unwrap();
    rule.destination = lockeddown::network::AddressSide::Tag("Internet".parse().unwrap());
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}
