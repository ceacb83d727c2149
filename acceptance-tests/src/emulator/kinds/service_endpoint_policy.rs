//! `serviceEndpointPolicies` with their definitions: which storage accounts a subnet's service endpoint leads to.

use serde_json::{Value, json};

use super::{
    Apart, Child, Kind, Write, check_children, child_shows_nothing_more, optional_text, refers_to_nothing,
    shows_nothing_more, texts,
};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource};

pub(super) static KIND: Kind = Kind {
    segment: "serviceEndpointPolicies",
    label: "ServiceEndpointPolicy",
    children: &[&CHILD],
    read_only: &["subnets"],
    used_by_subnets: Some(("serviceEndpointPolicies", in_use)),
    complete,
    check,
    show: shows_nothing_more,
    references: refers_to_nothing,
};

static CHILD: Child = Child {
    collection: "serviceEndpointPolicyDefinitions",
    label: "ServiceEndpointPolicyDefinition",
    read_only: &[],
    apart: Apart::No,
    show: child_shows_nothing_more,
};

const STORAGE: &str = "Microsoft.Storage";
/// The service of definitions that name aliases.
const GLOBAL: &str = "Global";
/// Source: virtual-network-service-endpoint-policies-overview, "Service aliases".
const ALIASES: [&str; 7] = [
    "/services/Azure",
    "/services/Azure/Batch",
    "/services/Azure/Databricks",
    "/services/Azure/DataFactory",
    "/services/Azure/MachineLearning",
    "/services/Azure/ManagedInstance",
    "/services/Azure/WebPI",
];
/// Source: virtual-network-service-endpoint-policies-overview, "Limitations".
const RESOURCES: usize = 200;
const DESCRIPTION: usize = 140;

fn in_use(policy: &Resource, users: &[String]) -> Refusal {
    Refusal::bad(
        "InUseServiceEndpointPolicyCannotBeDeleted",
        format!(
            "Service endpoint policy {} is in use by {} and cannot be deleted.",
            policy.id,
            users.join(", ")
        ),
    )
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let policy = write.new;
    for (name, definition) in check_children(policy, &CHILD)? {
        check_definition(&policy.child_id(&CHILD, name), definition)?;
    }
    Ok(())
}

fn check_definition(id: &str, definition: &Object) -> Result<(), Refusal> {
    let refused = |why: String| Refusal::bad("InvalidServiceEndpointPolicyDefinition", format!("{id}: {why}."));
    let description = optional_text(definition, "description")?.unwrap_or_default();
    if description.chars().count() > DESCRIPTION {
        return Err(refused(format!(
            "the description has more than {DESCRIPTION} characters"
        )));
    }
    let service = optional_text(definition, "service")?.unwrap_or_default();
    if ![STORAGE, GLOBAL].contains(&service) {
        return Err(refused(format!("'{service}' is not a service with endpoint policies")));
    }
    let resources = texts(definition, "serviceResources")?;
    if resources.is_empty() || resources.len() > RESOURCES {
        return Err(refused(format!("there must be 1 to {RESOURCES} service resources")));
    }
    let fits = |resource: &&str| match service {
        GLOBAL => ALIASES.contains(resource),
        _ => is_scope_of_accounts(resource),
    };
    match resources.iter().find(|resource| !fits(resource)) {
        Some(wrong) => Err(refused(format!("'{wrong}' is no resource of service {service}"))),
        None => Ok(()),
    }
}

/// A storage account, or all accounts of a resource group or a subscription.
fn is_scope_of_accounts(id: &str) -> bool {
    let lower = id.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    match parts.as_slice() {
        ["", "subscriptions", subscription] => !subscription.is_empty(),
        ["", "subscriptions", subscription, "resourcegroups", group] => !subscription.is_empty() && !group.is_empty(),
        [
            "",
            "subscriptions",
            subscription,
            "resourcegroups",
            group,
            "providers",
            "microsoft.storage",
            "storageaccounts",
            account,
        ] => ![subscription, group, account].iter().any(|part| part.is_empty()),
        _ => false,
    }
}

fn complete(policy: &mut Resource) {
    let definitions = policy.properties.entry(CHILD.collection).or_insert_with(|| json!([]));
    for definition in definitions.as_array_mut().into_iter().flatten() {
        if let Some(properties) = definition.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|_, value| !value.is_null());
        }
    }
}
