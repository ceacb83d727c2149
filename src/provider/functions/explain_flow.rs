//! `explain_flow(rules, flow)`.

use std::collections::BTreeMap;

use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{parameter, refused};
use crate::{
    network::AddressSide,
    proof::{
        explain::{Step, why},
        model::{Given, Model},
        verdict::Verdict,
    },
    provider::{dynamic_inputs, given_flow, given_peers::Peers, given_rules, policy},
};

pub(super) struct ExplainFlow;

#[async_trait::async_trait]
impl Function for ExplainFlow {
    fn name(&self) -> String {
        "explain_flow".to_owned()
    }

    fn signature(&self) -> Signature {
        let step = Type::object([
            ("station", Type::String),
            ("decided_by", Type::String),
            ("outcome", Type::String),
            ("packet", Type::String),
            ("requirement_ids", Type::list(Type::String)),
        ]);
        Signature {
            parameters: vec![
                parameter(
                    "rules",
                    Type::Dynamic,
                    "Security rules in the shape of azurerm's `security_rule`, as a map or a list; or a `policy`.",
                ),
                parameter(
                    "flow",
                    Type::Dynamic,
                    "An object: `direction` (`Outbound`, which is the default, or `Inbound`), `protocol` (default `Tcp`), `peer` (prefix, \
                     service tag, a host that the `policy` names, or `*`), `port` (port, range or `*`, which is the default), `local` (the subnet's end, default \
                     `*`: the whole subnet, whose prefixes a `policy` says), \
                     `source_port`.",
                ),
            ],
            variadic: None,
            returns: Type::object([
                ("verdict", Type::String),
                ("packet", Type::String),
                ("reason", Type::String),
                ("remedy", Type::String),
                ("depends_on", Type::list(Type::String)),
                ("steps", Type::list(step)),
            ]),
            summary: "Why a flow passes a network security group or not".to_owned(),
            description: "Tells which rules decide about a flow, in priority order with Azure's default rules: `verdict` is `proven` (every packet \
                          of the flow passes), `refuted` (with a `packet` that does not, the `reason` and a `remedy`) or `depends_on` \
                          (naming what nobody declared, such as whether two service tags share addresses). `steps` lists every rule that \
                          decides about some of the packets."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let [rules, flow] = arguments.as_slice() else {
            return Err(refused(0, "two arguments are expected"));
        };
        let given = dynamic_inputs::without_types(rules);
        let rules = given_rules::read(rules).map_err(|reason| refused(0, reason))?;
        let cloud = given.attribute("environment").as_str();
        let mut peers = Peers::of_cloud(cloud.and_then(|cloud| cloud.parse().ok()));
        peers.add_rules(&rules);
        // Only a policy names hosts; rules alone are read all the same.
        let policy = policy::network_policy(&given).ok();
        if let Some(policy) = &policy {
            peers.add_policy(policy);
        }
        let mut flow = given_flow::read(flow, &peers).map_err(|reason| refused(1, reason))?;
        given_flow::stand_at(&mut flow, &given_flow::own_prefixes(&policy));
        let model = Model::new(&Given {
            groups: vec![rules.iter().collect()],
            network: match &flow.local {
                AddressSide::Prefixes(prefixes) => prefixes.iter().copied().collect(),
                _ => Vec::new(),
            },
            flows: BTreeMap::from([("flow".to_owned(), flow)]),
            ..Given::default()
        });
        let Some(required) = model.required.first() else {
            return Err(refused(1, "the flow holds no packet"));
        };
        let explanation = why(&model, required);
        let obstacle = explanation.verdict.obstacle();
        let conditions = match &explanation.verdict {
            Verdict::DependsOn { conditions, .. } => conditions.clone(),
            _ => Vec::new(),
        };
        // Only the group was given: where routes lead is another question.
        let steps = explanation
            .steps
            .iter()
            .filter(|step| step.station == "network_security_group");
        Ok(Value::object([
            ("verdict", Value::from(explanation.verdict.as_str())),
            ("packet", obstacle.map(|obstacle| obstacle.packet.to_string()).into()),
            ("reason", obstacle.map(|obstacle| obstacle.in_words()).into()),
            ("remedy", obstacle.map(|obstacle| obstacle.cause.remedy()).into()),
            ("depends_on", Value::string_list(conditions)),
            ("steps", Value::List(steps.map(step_value).collect())),
        ]))
    }
}

fn step_value(step: &Step) -> Value {
    Value::object([
        ("station", Value::from(step.station)),
        ("decided_by", step.decided_by.as_str().into()),
        ("outcome", step.outcome.as_str().into()),
        ("packet", step.packet.to_string().into()),
        (
            "requirement_ids",
            Value::string_list(step.requirement_ids.iter().cloned()),
        ),
    ])
}
