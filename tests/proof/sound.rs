//! Every expansion lets pass what it must and nothing else.

use std::fmt::Write as _;

use lockeddown::{
    network::{Access, Direction, SecurityRule},
    proof::{
        exposure::{baseline, exposure},
        lint::{Kind, Lint, lint},
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
};

use crate::expansions::every_expansion;

#[test]
fn every_expansion_is_proven() {
    let mut found = String::new();
    let (mut flows, mut depending) = (0, 0);
    every_expansion(|name, policy| {
        let model = Model::new(&Given::of_policy(policy));
        for finding in allows(&model) {
            flows += 1;
            // A name server or clock at a private address is the user's, and nobody says how its network is connected.
            let elsewhere = |condition: &String| condition.ends_with("is not all in `VirtualNetwork`");
            if matches!(&finding.verdict, Verdict::DependsOn { conditions, .. } if conditions.iter().all(elsewhere)) {
                depending += 1;
                continue;
            }
            if finding.verdict != Verdict::Proven {
                let _ = writeln!(found, "{name} / {}: {:?}", finding.required.key, finding.verdict);
            }
        }
        for exposure in exposure(&model) {
            let _ = writeln!(found, "{name} exposes {exposure:?}");
        }
        let _ = baseline(&model);
    });
    println!("{flows} flows, of which {depending} depend on how a network is connected");
    assert!(flows > 500 && depending * 50 < flows, "{depending} of {flows}");
    assert!(found.is_empty(), "{found}");
}

/// Whoever applies what the documents ask for is not told to remove it, nor to add the deny that is there.
#[test]
fn no_expansion_is_blamed_for_its_own_rules() {
    let mut found = String::new();
    every_expansion(|name, policy| {
        let denies = |rule: &SecurityRule| rule.access == Access::Deny && rule.direction == Direction::Outbound;
        let closed = policy.security_rules.values().any(denies);
        for lint in lint(&Model::new(&Given::of_policy(policy))) {
            if lint.kind == Kind::Redundant || lint.kind == Kind::AllowWithoutDeny && closed {
                let _ = writeln!(found, "{name}: {}", lint.in_words());
            }
        }
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn one_rule_says_and_several_say() {
    let words = |because_of: &[&str]| {
        let because_of = because_of.iter().map(|name| (*name).to_owned()).collect();
        let lint = Lint {
            kind: Kind::Redundant,
            rule: "x".to_owned(),
            because_of,
        };
        lint.in_words()
    };
    assert_eq!(
        words(&["a"]),
        "`x` changes nothing: `a` behind it says the same. Remove it."
    );
    assert_eq!(
        words(&["a", "b"]),
        "`x` changes nothing: `a`, `b` behind it say the same. Remove it."
    );
}
