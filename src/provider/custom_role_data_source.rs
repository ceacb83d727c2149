//! `lockeddown_custom_role`: the fewest actions with which given resources can be applied, refreshed, changed and destroyed.

mod uses;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Nesting, Schema, Shape},
    value::{Path, Type, Value},
};

use self::uses::Use;

const RESOURCES: &str = "resources";
const DEFAULT_NAME: &str = "Terraform lockeddown";

/// Azure looks at these where a subscription is, not at the objects: the role must be assigned there for them.
const OF_SUBSCRIPTIONS: &str = "Microsoft.Network/locations/";

/// The data source.
#[derive(Debug)]
pub(super) struct CustomRoleDataSource;

#[async_trait::async_trait]
impl DataSource for CustomRoleDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_custom_role".to_owned()
    }

    fn schema(&self) -> Schema {
        let text = |description: &str| Attribute::optional(Type::String, description);
        let list = || Type::list(Type::String);
        let permissions = Type::list(Type::object([
            ("actions", list()),
            ("not_actions", list()),
            ("data_actions", list()),
            ("not_data_actions", list()),
        ]));
        Schema::new(
            "The least privileges with which resources of this provider can be applied, refreshed, changed and destroyed: a custom role in the \
             shape of `azurerm_role_definition`. It computes only: no credentials, no connection.\n\nActions on *linked* objects are among \
             them: a subnet that gets a network security group needs `networkSecurityGroups/join/action` on the group, also where somebody \
             else has made it. Azure checks them at every write, not only at the first.",
        )
        .attribute(
            RESOURCES,
            Attribute::required(
                Shape::nested(Nesting::Map, uses::attributes()),
                "What the role is for, by any name: each resource or data source with the way in which it is used.",
            ),
        )
        .attribute("name", text(&format!("Name of the role. Defaults to `{DEFAULT_NAME}`.")).default_value(DEFAULT_NAME))
        .attribute(
            "scope",
            text("ARM id where the role is defined: a management group, a subscription or a resource group."),
        )
        .attribute(
            "assignable_scopes",
            Attribute::optional_computed(
                Type::set(Type::String),
                "ARM ids where the role may be assigned. Defaults to `scope` alone.",
            ),
        )
        .attribute(
            "description",
            Attribute::computed(Type::String, "What the role is for, in one sentence."),
        )
        .attribute(
            "permissions",
            Attribute::computed(
                permissions,
                "The permissions, one set, in the shape of `azurerm_role_definition`; `not_actions` and data actions are empty.",
            ),
        )
        .attribute("actions", Attribute::computed(list(), "The actions, in alphabetical order."))
        .attribute(
            "subscription_actions",
            Attribute::computed(
                list(),
                "Those of the actions that Azure checks at the subscription: they need an assignment there, whatever the others need.",
            ),
        )
        .attribute(
            "needed_by",
            Attribute::computed(
                Type::map(Type::set(Type::String)),
                "Names in `resources`, by the action that they need.",
            ),
        )
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        for (name, used) in config.attribute(RESOURCES).as_map().into_iter().flatten() {
            Use::read(used, &Path::attribute(RESOURCES).key(name), diagnostics);
        }
        let scopes = config.attribute("assignable_scopes").as_list().unwrap_or_default();
        let given = std::iter::once(("scope", config.attribute("scope")))
            .chain(scopes.iter().map(|scope| ("assignable_scopes", scope)));
        for (argument, scope) in given {
            if let Some(scope) = scope.as_str().filter(|scope| !is_scope(scope)) {
                let detail = format!(
                    "`{scope}` is no place for a role: `/subscriptions/…`, `/subscriptions/…/resourceGroups/…` or \
                     `/providers/Microsoft.Management/managementGroups/…` is expected."
                );
                diagnostics.error_at(Path::attribute(argument), "Not a scope", detail);
            }
        }
    }

    async fn read(&self, config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut kinds = BTreeSet::new();
        for (name, used) in config.attribute(RESOURCES).as_map().into_iter().flatten() {
            let used = Use::read(used, &Path::attribute(RESOURCES).key(name), diagnostics)?;
            kinds.insert(used.kind());
            for action in used.actions(diagnostics)? {
                needed.entry(action).or_default().insert(name.clone());
            }
        }
        let actions: Vec<&String> = needed.keys().collect();
        let of_subscriptions = actions.iter().filter(|action| action.starts_with(OF_SUBSCRIPTIONS));
        let list = |actions: &[&String]| Value::string_list(actions.iter().map(|action| action.as_str()));
        let none = || Value::string_list::<String>([]);
        let permissions = Value::object([
            ("actions", list(&actions)),
            ("not_actions", none()),
            ("data_actions", none()),
            ("not_data_actions", none()),
        ]);
        let kinds: Vec<String> = kinds.into_iter().map(|kind| format!("`{kind}`")).collect();
        let mut state = config.clone();
        if config.attribute("assignable_scopes").as_list().is_none() {
            let scope = config.attribute("scope").as_str().into_iter();
            state.set_attribute("assignable_scopes", Value::string_set(scope));
        }
        for (name, value) in [
            (
                "description",
                format!("The least that Terraform needs for {}.", kinds.join(", ")).into(),
            ),
            ("permissions", Value::List(vec![permissions])),
            ("actions", list(&actions)),
            (
                "subscription_actions",
                list(&of_subscriptions.copied().collect::<Vec<_>>()),
            ),
            (
                "needed_by",
                Value::object(
                    needed
                        .iter()
                        .map(|(action, names)| (action.clone(), Value::string_set(names.clone()))),
                ),
            ),
        ] {
            state.set_attribute(name, value);
        }
        Some(state)
    }
}

fn is_scope(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["/subscriptions/", "/providers/microsoft.management/managementgroups/"]
        .iter()
        .any(|start| lower.strip_prefix(start).is_some_and(|rest| !rest.is_empty()))
}
