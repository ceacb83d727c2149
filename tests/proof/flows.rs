//! The flows that workloads ask for.

use std::{collections::BTreeSet, fmt::Write as _};

use lockeddown::network::{Access, Flow, Passage};

use crate::expansions::{ALSO, every_expansion};

/// What a rule opens, a flow asks for, and the other way round: neither is made from the other.
#[test]
fn every_rule_answers_a_flow_and_every_flow_has_an_answer() {
    every_expansion(|name, policy| {
        let asked: BTreeSet<&String> = policy.flows.values().flat_map(|flow| &flow.requirement_ids).collect();
        let allows = policy
            .security_rules
            .values()
            .filter(|rule| rule.access == Access::Allow);
        let network = policy.network_rule_collections.iter().flat_map(|all| &all.rules);
        let application = policy.application_rule_collections.iter().flat_map(|all| &all.rules);
        let opened: BTreeSet<&String> = allows
            .flat_map(|rule| &rule.requirement_ids)
            .chain(network.flat_map(|rule| &rule.requirement_ids))
            .chain(application.flat_map(|rule| &rule.requirement_ids))
            .collect();
        for id in &opened {
            assert!(asked.contains(id), "{name}: {id} is opened, and no flow asks for it");
        }
        let own_answer = |flow: &&Flow| {
            matches!(flow.passage, Passage::Direct | Passage::Firewall | Passage::Handover)
                && !matches!(flow.peer, lockeddown::network::FlowPeer::Host { .. })
        };
        for id in policy
            .flows
            .values()
            .filter(own_answer)
            .flat_map(|flow| &flow.requirement_ids)
        {
            assert!(
                opened.contains(id),
                "{name}: {id} asks for a flow, and nothing opens it"
            );
        }
    });
}

#[test]
fn flows_are_what_the_documents_ask_for() {
    let mut listed = String::new();
    every_expansion(|name, policy| {
        if name.contains(ALSO) {
            return;
        }
        let _ = writeln!(listed, "{name}");
        for (key, flow) in &policy.flows {
            let ports = match &flow.ports {
                lockeddown::network::Ports::Any => "*".to_owned(),
                lockeddown::network::Ports::Ranges(ranges) => {
                    ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                }
            };
            let _ = writeln!(
                listed,
                "  {key}: {} {} {} {ports} {} by {}",
                flow.direction,
                flow.peer,
                flow.protocol,
                flow.passage.as_str(),
                flow.initiator
            );
        }
    });
    insta::assert_snapshot!(listed);
}
