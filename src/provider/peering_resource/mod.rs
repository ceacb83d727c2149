//! Both halves of a virtual network peering, or ours alone where another team owns the other.
//!
//! A peering carries traffic only while both networks have their half, and each half remembers whether the other was there: when one of
//! them goes, the other stays `Disconnected` for good and even keeps its counterpart from coming back. So the halves are one resource,
//! which sees that state and makes them anew.
//!
//! | module | idea |
//! |---|---|
//! | `half` | one half: in Terraform's form and in ARM's |
//! | `validate`, `plan` | what a configuration may say, and what it will do |
//! | `arrival` | looking before the first write |
//! | `apply`, `read`, `import` | Azure |
//! | `identity` | what names the peering to an import |

mod apply;
mod arrival;
mod half;
mod identity;
mod import;
mod plan;
mod read;
mod validate;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    provider::{Call, Change, Imported, Plan, Private, Resource},
    schema::{Attribute, Nesting, Schema, Shape},
    value::{Type, Value},
};

use super::{
    configuration::Settings,
    managed::{SAME_BUT_FOR_CASE, timeouts},
};

pub(super) const NAME: &str = "lockeddown_cyclecloud_peering";

const DESCRIPTION: &str = "The virtual network peering between a CycleCloud server and its nodes, as `lockeddown_cyclecloud_connection` \
     works it out: both halves, also across subscriptions and (with the provider's `auxiliary_tenant_ids`) tenants, or the own half alone where \
     another team owns the other one.\n\nWhen one network or half of a peering is deleted, the other half stays `Disconnected` and carries \
     nothing, even if its counterpart comes back. A refresh sees that, the plan shows it, and the apply deletes what is disconnected and makes \
     it anew. Halves whose address spaces are out of step are brought back in step.\n\nHalves carry no tags, so nothing in Azure says who made \
     them: one that exists already is an error that names `import`, and never taken over.";

/// The resource.
#[derive(Debug)]
pub(super) struct PeeringResource {
    settings: Arc<Settings>,
}

impl PeeringResource {
    pub(super) fn new(settings: Arc<Settings>) -> PeeringResource {
        PeeringResource { settings }
    }
}

fn half_attributes() -> Vec<(&'static str, Attribute)> {
    let text = |description: &str| Attribute::required(Type::String, description).equivalent_when(SAME_BUT_FOR_CASE);
    let mut attributes = vec![
        ("name", text("Name of the half. Another name replaces the peering.")),
        (
            "virtual_network_id",
            text("ARM id of the virtual network that the half is in. Another one replaces the peering."),
        ),
        (
            "remote_virtual_network_id",
            text("ARM id of the virtual network at the other end. Another one replaces the peering."),
        ),
        (
            "managed",
            Attribute::optional(
                Type::Bool,
                "Whether this resource makes the half. `false` where the other network's team makes it: then it is neither written nor read. A \
                 half that was managed and no longer is stays in Azure; one that is left out is deleted. Defaults to `true`.",
            )
            .default_value(true),
        ),
    ];
    let flags = half::FLAGS.iter().map(|flag| {
        let description = format!("{} Defaults to `{}`.", flag.description, flag.default);
        let attribute = Attribute::optional(Type::Bool, description).default_value(flag.default);
        (flag.name, attribute)
    });
    attributes.extend(flags);
    attributes
}

#[async_trait::async_trait]
impl Resource for PeeringResource {
    type State = Value;

    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn schema(&self) -> Schema {
        let halves = "The halves by `node_to_server` and `server_to_node`: the output `peerings` of `lockeddown_cyclecloud_connection`, or the \
                      same written by hand.";
        Schema::new(DESCRIPTION)
            .attribute(
                "peerings",
                Attribute::required(Shape::nested(Nesting::Map, half_attributes()), halves),
            )
            .attributes([timeouts::argument()])
            .attribute(
                "id",
                Attribute::computed(
                    Type::String,
                    "ARM ids of the managed halves, `node_to_server` first, joined by `|`; also the id to import by. A half that is not managed \
                     leaves its place empty.",
                ),
            )
            .attribute("states", Attribute::computed(Type::map(half::state_type()), half::STATES))
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn plan(&self, plan: &mut Plan, _call: &Call, diagnostics: &mut Diagnostics) {
        plan::plan(plan, diagnostics);
    }

    async fn create(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&change.planned, "create", call);
        apply::apply(&self.settings.session(), change, &call, diagnostics).await
    }

    async fn read(&self, state: Value, _: &mut Private, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&state, "read", call);
        read::read(&self.settings.session(), state, &call, diagnostics).await
    }

    async fn update(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&change.planned, "update", call);
        apply::apply(&self.settings.session(), change, &call, diagnostics).await
    }

    async fn delete(&self, state: Value, _: &Private, call: &Call, diagnostics: &mut Diagnostics) {
        let call = timeouts::call(&state, "delete", call);
        apply::remove(&self.settings.session(), &state, &call, diagnostics).await;
    }

    async fn import(&self, id: &str, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
        import::find(&self.schema(), id, diagnostics).map(|state| Imported {
            state,
            private: Private::new(),
        })
    }
    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(identity::schema())
    }

    fn identity(&self, object: &Value) -> Value {
        identity::of(object)
    }

    fn is_identified_by(&self, identity: &Value, object: &Value) -> bool {
        identity::names(identity, object)
    }

    async fn import_by_identity(
        &self,
        identity: &Value,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Imported<Value>> {
        let id = identity::import_id(identity, diagnostics)?;
        self.import(&id, call, diagnostics).await
    }
}
