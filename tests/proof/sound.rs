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
    let mut flows = 0;
    every_expansion(|name, policy| {
        let model = Model::new(&Given::of_policy(policy));
        for finding in allows(&model) {
            flows += 1;
            if finding.verdict != Verdict::Proven {
                let _ = writeln!(found, "{name} / {}: {:?}", finding.required.key, finding.verdict);
            }
        }
        for exposure in exposure(&model) {
            let _ = writeln!(found, "{name} exposes {exposure:?}");
        }
        let _ = baseline(&model);
    });
    assert!(flows > 500, "{flows}");
    assert!(found.is_empty(), "{found}");
}
