//! Every expansion proves itself: what must pass does, with the user's own rules among it, and what else passes is said.

use tfplugin_rs::value::{Path, Type, Value};

use crate::{
    network::{Passage, PrerequisiteStatus},
    proof::{
        exposure::{Exposure, baseline, exposure},
        message,
        model::{Given, Model, Required, WayOut},
        required::allows,
        verdict::{Cause, Obstacle, Verdict},
    },
    provider::resolved_tags,
    requirements::{Category, catalogue},
    workloads::{EXPOSURE_INTENDED, Expanded, Problem, Severity, Workload},
};

/// What came of a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::provider) struct Proof {
    verdict: &'static str,
    /// How many were proven to pass.
    flows: usize,
    depends_on: Vec<String>,
    exposure: Vec<String>,
    baseline: Vec<String>,
}

/// What the value is, in Markdown.
pub(in crate::provider) const DESCRIPTION: &str = "What was proven of the policy, against network security group, routes and firewall rules together: `verdict` (`proven`, or \
     `depends_on` where something undeclared decides; a refuted policy is an error), `required_flows` (how many of them pass), `depends_on` (on what), \
     `exposure` (what rules let pass though no requirement asks for it) and `baseline` (what only Azure's default rules let pass, such as \
     traffic within the virtual network; `isolation = \"strict\"` closes it). Each entry shows a packet.";

/// The type of a proof.
pub(in crate::provider) fn ty() -> Type {
    Type::object([
        ("verdict", Type::String),
        ("required_flows", Type::Number),
        ("depends_on", Type::list(Type::String)),
        ("exposure", Type::list(Type::String)),
        ("baseline", Type::list(Type::String)),
    ])
}

impl Proof {
    /// The proof as a value.
    pub(in crate::provider) fn to_value(&self) -> Value {
        Value::object([
            ("verdict", Value::from(self.verdict)),
            ("required_flows", i64::try_from(self.flows).unwrap_or(i64::MAX).into()),
            ("depends_on", Value::string_list(self.depends_on.iter().cloned())),
            ("exposure", Value::string_list(self.exposure.iter().cloned())),
            ("baseline", Value::string_list(self.baseline.iter().cloned())),
        ])
    }
}

/// Proves an expansion, and what there is to say about it. With a service tag file tags are addresses.
pub(super) fn prove(workload: &Workload, values: &Value, expanded: &Expanded) -> (Proof, Vec<Problem>) {
    let mut given = Given::of_policy(&expanded.policy);
    let mut problems = Vec::new();
    if let Some(path) = values.attribute("service_tag_file").as_str() {
        match resolved_tags::of(path, expanded.environment, &given.tags()) {
            Ok(tags) => given.resolved_tags = tags,
            Err(reason) => problems.push(Problem {
                severity: Severity::Error,
                path: Path::attribute("service_tag_file"),
                summary: "Unusable service tag file".to_owned(),
                detail: format!("{reason}."),
            }),
        }
    }
    let model = Model::new(&given);
    let extra = values.attribute("extra_rules").as_map();
    // At the rule that is in the way, where it is the user's.
    let place = |cause: &Cause| {
        let own = message::blocking_rule(cause).filter(|name| extra.is_some_and(|rules| rules.contains_key(*name)));
        own.map_or_else(Path::root, |name| Path::attribute("extra_rules").key(name))
    };
    let (proof, found) = judge(&model, &place);
    problems.extend(found);
    problems.extend(said_of_exposure(values, &proof.exposure));
    problems.extend(said_of_the_way_out(workload, expanded, model));
    (proof, problems)
}

/// Proves a model. What does not pass is an error at the place of its cause, what is not proven one warning.
pub(in crate::provider) fn judge(model: &Model, place: &dyn Fn(&Cause) -> Path) -> (Proof, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut proof = Proof {
        verdict: "proven",
        ..Proof::default()
    };
    let problem = |severity, cause: &Cause, summary: &str, detail| Problem {
        severity,
        path: place(cause),
        summary: summary.to_owned(),
        detail,
    };
    let mut blocked: Vec<(&Required, Obstacle, Vec<String>)> = Vec::new();
    for finding in allows(model) {
        match finding.verdict {
            // The engine leaves out what no egress can express: a warning and a report say that it does not pass.
            Verdict::Proven if finding.required.flow.passage == Passage::Closed => {}
            Verdict::Proven => proof.flows += 1,
            Verdict::DependsOn { conditions, obstacle } => {
                let text = message::unproven(finding.required, &conditions, &obstacle);
                if proof.depends_on.is_empty() {
                    let summary = "Required flow not proven";
                    problems.push(problem(Severity::Warning, &obstacle.cause, summary, text.clone()));
                }
                proof.depends_on.push(text);
            }
            Verdict::Refuted(obstacle) => {
                match blocked.iter_mut().find(|(_, known, _)| known.cause == obstacle.cause) {
                    Some((_, _, others)) => others.push(message::requirements(&finding.required.flow)),
                    None => blocked.push((finding.required, obstacle, Vec::new())),
                }
            }
        }
    }
    if !proof.depends_on.is_empty() {
        proof.verdict = "depends_on";
    }
    for (required, obstacle, mut others) in blocked {
        proof.verdict = "refuted";
        let mut text = message::blocked(required, &obstacle);
        others.dedup();
        if !others.is_empty() {
            text.push_str(&format!(" It also stops {}.", others.join(", ")));
        }
        problems.push(problem(Severity::Error, &obstacle.cause, "Required flow blocked", text));
    }
    let sure = |exposures: Vec<Exposure>| -> Vec<String> {
        let sure = exposures.iter().filter(|exposure| exposure.conditions.is_empty());
        sure.map(message::exposed).collect()
    };
    proof.exposure = sure(exposure(model));
    proof.baseline = sure(baseline(model));
    (proof, problems)
}

fn said_of_exposure(values: &Value, exposure: &[String]) -> Option<Problem> {
    let waived = values.attribute("waived_requirements").as_map();
    if exposure.is_empty() || waived.is_some_and(|waived| waived.contains_key(EXPOSURE_INTENDED)) {
        return None;
    }
    let strict = values.attribute("strict").as_bool() == Some(true);
    Some(Problem {
        severity: if strict { Severity::Error } else { Severity::Warning },
        path: Path::attribute("extra_rules"),
        summary: "Open beyond the requirements".to_owned(),
        detail: format!(
            "No requirement asks for this: {}. Narrow the rules, or say that it is meant: waived_requirements = {{ \"{EXPOSURE_INTENDED}\" = \
             \"why\" }}.",
            exposure.join("; ")
        ),
    })
}

/// A subnet that surely has no way out reaches nothing, whatever its rules allow.
fn said_of_the_way_out(workload: &Workload, expanded: &Expanded, mut model: Model) -> Option<Problem> {
    let rows = catalogue(workload.system).ok()?;
    let missing = |id: &str| {
        let status = expanded
            .policy
            .prerequisites
            .get(id)
            .map(|prerequisite| prerequisite.status);
        status == Some(PrerequisiteStatus::NotSatisfied)
    };
    let requirement = rows
        .all()
        .find(|row| row.category == Some(Category::WayOut) && missing(&row.id))?;
    model.way_out = WayOut::Missing;
    let stopped = allows(&model).into_iter().find_map(|finding| match finding.verdict {
        Verdict::Refuted(obstacle) if obstacle.cause == Cause::NoWayOut => {
            Some(message::blocked(finding.required, &obstacle))
        }
        _ => None,
    })?;
    // The proof's remedy is any subnet's. The requirement knows what stands in this one, and which ways out it takes.
    let stopped = match &requirement.remedy {
        Some(remedy) => stopped.replace(&Cause::NoWayOut.remedy(), &format!("{remedy}.")),
        None => stopped,
    };
    Some(Problem {
        severity: Severity::Warning,
        path: Path::root(),
        summary: "No way out of the subnet".to_owned(),
        detail: format!("{stopped} ({})", requirement.id),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        network::{AddressSide, Direction, Flow, FlowPeer, Ports, Protocol},
        workloads::{Defaults, Surroundings},
    };

    #[test]
    fn the_way_out_of_a_subnet_is_one_that_it_takes() {
        let workload = Workload::find("cyclecloud_subnet").unwrap();
        let surroundings = Surroundings {
            way_out: PrerequisiteStatus::NotSatisfied,
            ..Surroundings::none(Defaults::default())
        };
        let said = |entries: &[(&str, Value)]| {
            let values = Value::object(entries.iter().cloned());
            let (outcome, _) = super::super::expand(workload, &values, &surroundings);
            let found = outcome
                .problems
                .into_iter()
                .find(|problem| problem.summary == "No way out of the subnet");
            found.map(|problem| problem.detail)
        };
        let bastion = [
            ("role", Value::from("azure_bastion")),
            ("location", "westeurope".into()),
            ("web_source_address_prefixes", Value::string_set(["203.0.113.0/24"])),
        ];
        let text = said(&bastion).unwrap();
        assert!(
            text.contains("`egress.outbound_method = \"public_ip\"`") && !text.contains("ive the subnet a NAT"),
            "{text}"
        );
        let method = Value::object([("outbound_method", Value::from("public_ip"))]);
        assert_eq!(said(&[&bastion[..], &[("egress", method)]].concat()), None);
        let server = [
            ("role", Value::from("server")),
            ("location", "westeurope".into()),
            ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ];
        let text = said(&server).unwrap();
        assert!(
            text.contains("`nat_gateway_id`") && text.ends_with("(CC-OUTBOUND-PATH)"),
            "{text}"
        );
    }

    #[test]
    fn only_flows_that_pass_are_counted() {
        let flow = |passage| Flow {
            direction: Direction::Outbound,
            protocol: Protocol::Tcp,
            local: AddressSide::Any,
            peer: FlowPeer::Host {
                name: "ratecard.azure-api.net".to_owned(),
                covered_by: None,
            },
            ports: Ports::Any,
            source_ports: Ports::Any,
            initiator: "server".to_owned(),
            passage,
            learned_route: false,
            callers: Default::default(),
            requirement_ids: Default::default(),
        };
        let flows = BTreeMap::from([
            ("closed".to_owned(), flow(Passage::Closed)),
            ("open".to_owned(), flow(Passage::Direct)),
        ]);
        let model = Model::new(&Given {
            flows,
            ..Given::default()
        });
        let (proof, problems) = judge(&model, &|_| Path::root());
        assert_eq!(problems.len(), 0);
        assert_eq!((proof.verdict, proof.flows), ("proven", 1));
    }
}
