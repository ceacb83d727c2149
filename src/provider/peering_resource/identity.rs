//! What identifies a peering to Terraform: its halves. Halves come and go, so an identity keeps naming the peering as long as it has one of
//! them in common.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    value::{Type, Value},
};

use super::half::{self, SIDES};

/// The shape of the identities.
pub(super) fn schema() -> IdentitySchema {
    let [nodes, servers] = SIDES;
    let half = |network: &str, other: &str| {
        format!(
            "ARM id of the half in the {network}' network, if the resource makes it. This or `{other}` is needed; both where it makes both."
        )
    };
    IdentitySchema::new()
        .optional(nodes, Type::String, half("nodes", servers))
        .optional(servers, Type::String, half("servers", nodes))
}

/// The identity of a plan or state: the ids of the halves that are managed.
pub(super) fn of(object: &Value) -> Value {
    let Some(managed) = half::managed(object) else {
        return Value::object(SIDES.map(|side| (side, Value::UNKNOWN)));
    };
    let id_of = |side: &str| {
        let half = managed.iter().find(|half| half.side == side);
        Value::from(half.map(|half| half.id.to_string()))
    };
    Value::object(SIDES.map(|side| (side, id_of(side))))
}

/// Whether an identity names one of the halves of a plan.
pub(super) fn names(identity: &Value, object: &Value) -> bool {
    let current = of(object);
    SIDES.iter().any(|side| {
        let (one, other) = (identity.attribute(side), current.attribute(side));
        one.as_str()
            .is_some_and(|one| other.as_str().is_some_and(|other| one.eq_ignore_ascii_case(other)))
    })
}

/// The import id that says the same.
pub(super) fn import_id(identity: &Value, diagnostics: &mut Diagnostics) -> Option<String> {
    let ids = SIDES.map(|side| identity.attribute(side).as_str().unwrap_or_default());
    if ids.iter().all(|id| id.is_empty()) {
        let detail = format!(
            "Neither `{}` is given: the identity needs the ARM id of one half at least.",
            SIDES.join("` nor `")
        );
        diagnostics.error("Invalid identity", detail);
        return None;
    }
    Some(ids.join("|"))
}
