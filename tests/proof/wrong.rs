//! Configurations that real projects have and that are wrong, and what a network engineer is told.

use std::fmt::Write as _;

use lockeddown::{
    network::{
        Access, AddressSide, ApplicationProtocol, Direction, Flow, FlowPeer, Known, NetworkPolicy, NextHop, Passage,
        Ports, Prefix, Priority, Protocol, Route, RouteDestination,
    },
    proof::{
        exposure::{baseline, exposure},
        lint::lint,
        message,
        model::{Given, Model, WayOut},
        required::{Finding, allows},
        verdict::{Cause, Verdict},
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
    rule.destination = AddressSide::Tag("ContainerRegistry.WestEurope".parse().unwrap());
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
    rule.destination = AddressSide::Tag("Internet".parse().unwrap());
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

fn route_to(prefix: &str, next_hop: NextHop) -> Route {
    Route {
        name: "by-hand".parse().unwrap(),
        destination: RouteDestination::Prefix(prefix.parse().unwrap()),
        ..default_route(next_hop)
    }
}

#[test]
fn an_appliance_that_is_not_the_firewall_is_not_judged_by_its_rules() {
    let policy = policy("cyclecloud_subnet / server firewall / 2026-08 / public");
    let route = default_route(NextHop::VirtualAppliance(Known::Is("10.66.6.6".to_owned())));
    let given = Given {
        routes: vec![&route],
        ..Given::of_policy(&policy)
    };
    insta::assert_snapshot!(said(&given));
}

#[test]
fn nobody_on_the_internet_has_a_private_address() {
    let policy = policy("cyclecloud_subnet / node / 2026-08 / public");
    let route = route_to("10.0.0.0/8", NextHop::Internet);
    let mut given = Given::of_policy(&policy);
    given.routes.push(&route);
    insta::assert_snapshot!(said(&given));
}

/// Nor has anybody a public one within the virtual network, whose own private spaces the configuration need not list.
#[test]
fn a_route_into_the_virtual_network_reaches_only_its_own_addresses() {
    let policy = egress();
    let storage = Route {
        destination: RouteDestination::Tag("Storage.WestEurope".parse().unwrap()),
        ..route_to("0.0.0.0/0", NextHop::VnetLocal)
    };
    let mut given = Given::of_policy(&policy);
    given.routes.push(&storage);
    let said_of_it = said(&given);
    let lost = said_of_it
        .lines()
        .find(|line| line.starts_with("refuted: AML-OUT-STORAGE "));
    insta::assert_snapshot!(lost.unwrap_or(&said_of_it));
    let private = route_to("10.0.0.0/8", NextHop::VnetLocal);
    let mut given = Given::of_policy(&policy);
    given.routes.push(&private);
    assert!(!said(&given).contains("refuted"), "{}", said(&given));
    // A public range that the network has is its own all the same.
    let own = route_to("203.0.113.0/24", NextHop::VnetLocal);
    let mut policy = policy;
    let flow = policy.flows.values_mut().next().unwrap();
    flow.peer = FlowPeer::Prefixes(["203.0.113.8/32".parse().unwrap()].into());
    policy.flows = policy.flows.into_iter().take(1).collect();
    policy.security_rules.clear();
    let verdict = |network: &[&str]| {
        let mut given = Given::of_policy(&policy);
        given.routes.push(&own);
        given
            .network
            .extend(network.iter().map(|text| text.parse::<Prefix>().unwrap()));
        allows(&Model::new(&given)).remove(0).verdict
    };
    assert_eq!(verdict(&["203.0.113.0/24"]), Verdict::Proven);
    assert!(matches!(verdict(&[]), Verdict::Refuted(_)));
}

/// "168.63.129.16 is a virtual IP of the host node and as such it isn't subject to user defined routes"; nor is the metadata's address.
#[test]
fn no_route_leads_away_from_azures_own_addresses() {
    for address in ["168.63.129.16/32", "169.254.169.254/32"] {
        let flow = Flow {
            direction: Direction::Outbound,
            protocol: Protocol::Any,
            local: AddressSide::Prefixes(["10.0.0.0/28".parse().unwrap()].into()),
            peer: FlowPeer::Prefixes([address.parse().unwrap()].into()),
            ports: Ports::Any,
            source_ports: Ports::Any,
            initiator: "server".to_owned(),
            passage: Passage::Direct,
            learned_route: false,
            callers: Default::default(),
            requirement_ids: Default::default(),
        };
        for destination in [address, "0.0.0.0/0"] {
            let route = route_to(destination, NextHop::None);
            let model = Model::new(&Given {
                routes: vec![&route],
                network: vec!["10.0.0.0/28".parse().unwrap()],
                flows: [("flow".to_owned(), flow.clone())].into(),
                ..Given::default()
            });
            assert_eq!(allows(&model).remove(0).verdict, Verdict::Proven, "{address}");
        }
    }
}

/// What a workload was told of the default route holds for every flow of the subnet, not only for its own.
#[test]
fn a_learned_default_route_takes_what_is_asked_by_hand_too() {
    let mut policy = policy("aml_compute_egress / also firewall behind a virtual WAN / 2026-08 / public");
    let by_hand = Flow {
        peer: FlowPeer::Prefixes(["203.0.113.8/32".parse().unwrap()].into()),
        passage: Passage::Direct,
        learned_route: false,
        ..policy.flows.values().next().unwrap().clone()
    };
    policy.flows = [("by hand".to_owned(), by_hand)].into();
    policy.security_rules.clear();
    let verdict = |policy: &NetworkPolicy| allows(&Model::new(&Given::of_policy(policy))).remove(0).verdict;
    let refuted = verdict(&policy);
    assert_eq!(
        refuted.obstacle().map(|obstacle| &obstacle.cause),
        Some(&Cause::NoFirewallRule)
    );
    policy.default_route = None;
    assert_eq!(verdict(&policy), Verdict::Proven);
}

#[test]
fn answers_that_a_route_drops_reach_nobody() {
    let policy = policy("cyclecloud_subnet / server / 2026-08 / public");
    for next_hop in [NextHop::None, NextHop::Internet] {
        let route = route_to("10.0.1.0/24", next_hop.clone());
        let mut given = Given::of_policy(&policy);
        given.routes.push(&route);
        insta::assert_snapshot!(format!("answers_to_{next_hop:?}"), said(&given));
    }
}

#[test]
fn a_rule_for_http_at_443_matches_no_tls() {
    let mut policy = policy("cyclecloud_subnet / server firewall / 2026-08 / public");
    for rule in policy
        .application_rule_collections
        .iter_mut()
        .flat_map(|collection| &mut collection.rules)
    {
        rule.protocols = [(ApplicationProtocol::Http, 443)].into();
    }
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

#[test]
fn past_the_proxy_is_past_what_it_judges() {
    let mut policy = policy("aml_compute_egress / also proxy / 2026-08 / public");
    let own: Vec<String> = exposure(&Model::new(&Given::of_policy(&policy)))
        .iter()
        .map(message::exposed)
        .collect();
    assert!(own.is_empty(), "{own:?}");
    let mut rule = policy.security_rules.values().next().unwrap().clone();
    rule.name = "PastTheProxy".parse().unwrap();
    rule.priority = Priority::try_from(200).unwrap();
    rule.protocol = Protocol::Tcp;
    rule.destination_ports = Ports::single(443);
    rule.destination = AddressSide::Tag("AzureMonitor".parse().unwrap());
    policy.security_rules.insert("PastTheProxy".parse().unwrap(), rule);
    insta::assert_snapshot!(said(&Given::of_policy(&policy)));
}

/// Whether the tag holds more than private space, whose routes are longer, nobody says.
#[test]
fn a_dropped_default_route_may_leave_the_virtual_network_alone() {
    let policy = egress();
    let route = default_route(NextHop::None);
    let mut given = Given::of_policy(&policy);
    given.routes.push(&route);
    let said = said(&given);
    let of_network: Vec<&str> = said.lines().filter(|line| line.contains("VirtualNetwork:")).collect();
    assert!(
        of_network.iter().all(|line| !line.starts_with("refuted")),
        "{of_network:#?}"
    );
}

/// Nobody's table shows the default route that a gateway brings, and the answers take it all the same.
#[test]
fn answers_do_not_take_a_learned_default_route() {
    let flow = |learned_route, peer: &str| Flow {
        direction: Direction::Inbound,
        protocol: Protocol::Tcp,
        local: AddressSide::Prefixes(["10.0.0.0/28".parse().unwrap()].into()),
        peer: FlowPeer::Prefixes([peer.parse().unwrap()].into()),
        ports: Ports::single(22),
        source_ports: Ports::Any,
        initiator: "server".to_owned(),
        passage: Passage::Direct,
        learned_route,
        callers: Default::default(),
        requirement_ids: Default::default(),
    };
    let back = route_to("203.0.113.10/32", NextHop::Internet);
    let own_default = default_route(NextHop::Internet);
    let verdict = |flow: Flow, routes: &[&Route]| {
        let model = Model::new(&Given {
            routes: routes.to_vec(),
            network: vec!["10.0.0.0/28".parse().unwrap()],
            flows: [("flow".to_owned(), flow)].into(),
            ..Given::default()
        });
        allows(&model).remove(0).verdict
    };
    let refuted = verdict(flow(true, "203.0.113.10/32"), &[]);
    let obstacle = refuted.obstacle().unwrap();
    assert!(matches!(refuted, Verdict::Refuted(_)), "{refuted:?}");
    assert!(matches!(obstacle.cause, Cause::Asymmetric { .. }), "{obstacle:?}");
    insta::assert_snapshot!(format!("{}\n{}", obstacle.in_words(), obstacle.cause.remedy()));
    for (flow, routes) in [
        (flow(false, "203.0.113.10/32"), vec![]),
        (flow(true, "203.0.113.10/32"), vec![&back]),
        (flow(true, "203.0.113.10/32"), vec![&own_default]),
        (flow(true, "10.9.0.0/16"), vec![]),
    ] {
        assert_eq!(verdict(flow.clone(), &routes), Verdict::Proven, "{flow:?}");
    }
    // Whether IPv6 has one is nobody's to say.
    let of_ipv6 = Flow {
        local: AddressSide::Prefixes(["fd00:10::/64".parse().unwrap()].into()),
        ..flow(true, "2001:db8::7/128")
    };
    assert_eq!(verdict(of_ipv6, &[]).as_str(), "depends_on");
}

#[test]
fn the_answers_of_compute_need_their_routes_where_the_default_route_leads_elsewhere() {
    for workload in ["aml_compute_ingress", "aml_attached_compute_ingress"] {
        let mut policy = policy(&format!(
            "{workload} / also answers past an appliance / 2026-08 / public"
        ));
        let model = Model::new(&Given::of_policy(&policy));
        assert!(
            allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven),
            "{workload}"
        );
        policy.routes.clear();
        let said = said(&Given::of_policy(&policy));
        assert!(said.contains("asymmetric"), "{workload}: {said}");
    }
}

/// A flow by way of a proxy is as good as the way to the proxy.
#[test]
fn without_a_way_to_the_proxy_nothing_goes_by_it() {
    let mut policy = policy("aml_compute_egress / also proxy / 2026-08 / public");
    policy.flows.retain(|_, flow| flow.passage != Passage::ToProxy);
    let model = Model::new(&Given::of_policy(&policy));
    let proxied: Vec<Verdict> = allows(&model)
        .into_iter()
        .filter(|finding| finding.required.flow.passage == Passage::Proxy)
        .map(|finding| finding.verdict)
        .collect();
    assert!(!proxied.is_empty());
    for verdict in proxied {
        let Verdict::Refuted(obstacle) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(obstacle.cause, Cause::NoWayToProxy);
    }
    // Where nothing is denied, everybody gets to any proxy.
    policy.security_rules.retain(|_, rule| rule.access == Access::Allow);
    let model = Model::new(&Given::of_policy(&policy));
    let is_proxied = |finding: &Finding<'_>| finding.required.flow.passage == Passage::Proxy;
    let mut proxied = allows(&model).into_iter().filter(is_proxied);
    assert!(proxied.all(|finding| finding.verdict == Verdict::Proven));
}
