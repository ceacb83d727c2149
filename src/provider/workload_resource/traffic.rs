//! What a change of rules opens and closes, said before it happens.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use crate::{
    network::NetworkPolicy,
    proof::{
        diff::{Change, newly_allowed, newly_denied},
        model::{Given, Model},
    },
    provider::policy,
};

/// More packets than these say no more.
const MOST: usize = 5;

/// Warns of packets that pass now and will not, or do not and will: between the rules Azure has and those of the plan.
pub(super) fn warn(before: &Value, after: &NetworkPolicy, diagnostics: &mut Diagnostics) {
    // Rules that cannot be read back are somebody's edits that no type of ours admits; the plan shows them.
    let Ok(before) = policy::security_rules(before) else {
        return;
    };
    if before == after.security_rules {
        return;
    }
    let given = Given {
        groups: vec![before.values().collect(), after.security_rules.values().collect()],
        ..Given::default()
    };
    let model = Model::new(&given);
    let [before, after] = model.groups.as_slice() else {
        return;
    };
    let opened = said(newly_allowed(before, after, &model.world));
    let closed = said(newly_denied(before, after, &model.world));
    let mut detail = String::new();
    for (verb, packets) in [("Lets pass from now on", opened), ("Stops from now on", closed)] {
        if !packets.is_empty() {
            detail.push_str(&format!("{verb}:\n{packets}\n"));
        }
    }
    if !detail.is_empty() {
        diagnostics.warning_at(
            Path::attribute("security_rules"),
            "The change opens or closes traffic",
            detail.trim_end(),
        );
    }
}

fn said(changes: Vec<Change>) -> String {
    let sure: Vec<Change> = changes
        .into_iter()
        .filter(|change| change.conditions.is_empty())
        .collect();
    let mut lines: Vec<String> = sure
        .iter()
        .take(MOST)
        .map(|change| {
            format!(
                "- `{}` (`{}` allows, `{}` denies)",
                change.packet, change.allowed_by, change.denied_by
            )
        })
        .collect();
    if sure.len() > MOST {
        lines.push(format!("- and {} more", sure.len() - MOST));
    }
    lines.join("\n")
}
