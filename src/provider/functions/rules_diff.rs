//! `rules_diff(before, after)`.

use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{parameter, refused};
use crate::{
    proof::{
        diff::{Change, newly_allowed, newly_denied},
        model::{Given, Model},
    },
    provider::given_rules,
};

pub(super) struct RulesDiff;

#[async_trait::async_trait]
impl Function for RulesDiff {
    fn name(&self) -> String {
        "rules_diff".to_owned()
    }

    fn signature(&self) -> Signature {
        let change = || {
            Type::list(Type::object([
                ("packet", Type::String),
                ("allowed_by", Type::String),
                ("denied_by", Type::String),
                ("depends_on", Type::list(Type::String)),
            ]))
        };
        let described = "Security rules in the shape of azurerm's `security_rule`, as a map or a list; or a `policy`.";
        Signature {
            parameters: vec![
                parameter("before", Type::Dynamic, described),
                parameter("after", Type::Dynamic, described),
            ],
            variadic: None,
            returns: Type::object([
                ("equivalent", Type::Bool),
                ("newly_allowed", change()),
                ("newly_denied", change()),
            ]),
            summary: "What two rule sets let pass differently".to_owned(),
            description: "Compares what two sets of security rules do, not how they are written: names, order of equal rules and redundant rules \
                          change nothing. Azure's default rules are part of both. Every difference shows a packet, the rule that allows it \
                          and the rule that denies it; `depends_on` names what nobody declared and the difference needs."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let [before, after] = arguments.as_slice() else {
            return Err(refused(0, "two arguments are expected"));
        };
        let before = given_rules::read(before).map_err(|reason| refused(0, reason))?;
        let after = given_rules::read(after).map_err(|reason| refused(1, reason))?;
        let model = Model::new(&Given {
            groups: vec![before.iter().collect(), after.iter().collect()],
            ..Given::default()
        });
        let [before, after] = model.groups.as_slice() else {
            return Err(refused(0, "two rule sets are expected"));
        };
        let allowed = newly_allowed(before, after, &model.world);
        let denied = newly_denied(before, after, &model.world);
        Ok(Value::object([
            ("equivalent", Value::from(allowed.is_empty() && denied.is_empty())),
            ("newly_allowed", changes(&allowed)),
            ("newly_denied", changes(&denied)),
        ]))
    }
}

fn changes(changes: &[Change]) -> Value {
    let value = |change: &Change| {
        Value::object([
            (
                "packet",
                Value::from(format!("{} {}", change.packet.direction, change.packet)),
            ),
            ("allowed_by", change.allowed_by.as_str().into()),
            ("denied_by", change.denied_by.as_str().into()),
            ("depends_on", Value::string_list(change.conditions.iter().cloned())),
        ])
    };
    Value::List(changes.iter().map(value).collect())
}
