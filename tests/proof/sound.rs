//! Every expansion lets pass what it must and nothing else.

use std::fmt::Write as _;

use lockeddown::proof::{
    exposure::{baseline, exposure},
    model::{Given, Model},
    required::allows,
    verdict::Verdict,
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
