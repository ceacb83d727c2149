//! The calls of the protocol, answered for a small provider.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    proto::tfplugin6::{self as proto, provider_server::Provider as _},
    provider::{
        Call, Change, Configuration, DataSource, ErasedDataSource, ErasedResource, Function, FunctionError, Imported,
        Parameter, Plan, Private, Provider, Resource, Signature, data_source, resource,
    },
    schema::{Attribute, Schema},
    service::Service,
    value::{Path, Type, Value, msgpack, typed::Attr},
};
use tonic::Request;

/// A shelf of boxes: `label` replaces, `size` has a default, `id` is computed, `key` is write-only.
struct Shelf;

#[derive(serde::Serialize, serde::Deserialize)]
struct Crate {
    label: String,
    size: i64,
    id: Attr<String>,
    key: Option<String>,
}

fn box_schema() -> Schema {
    Schema::new("A box.")
        .version(1)
        .attribute("label", Attribute::required(Type::String, "Label.").replaces())
        .attribute("size", Attribute::optional(Type::Number, "Size.").default_value(3_i64))
        .attribute("id", Attribute::computed(Type::String, "Id."))
        .attribute("key", Attribute::optional(Type::String, "Key.").write_only())
}

struct Crates;

#[async_trait::async_trait]
impl Resource for Crates {
    type State = Crate;

    fn name(&self) -> String {
        "shelf_crate".into()
    }

    fn schema(&self) -> Schema {
        box_schema()
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        if config.attribute("label").as_str() == Some("") {
            diagnostics.error_at(Path::attribute("label"), "Empty label", "A label is needed.");
        }
    }

    async fn plan(&self, plan: &mut Plan, _call: &Call, _diagnostics: &mut Diagnostics) {
        if let Some(label) = plan.planned.attribute("label").as_str() {
            plan.planned
                .set_attribute("id", Value::unknown_with_prefix(format!("box-{label}")));
        }
        plan.private = b"planned".to_vec();
    }

    async fn create(&self, change: &mut Change<Crate>, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Crate> {
        let label = change.planned.label.clone();
        match label.as_str() {
            "panics" => panic!("the shelf fell over"),
            "refused" => {
                diagnostics.error("No room", "Nothing was put on the shelf.");
                return None;
            }
            "half" => diagnostics.error("Crooked", "The box is there but crooked."),
            "silent" => return None,
            _ => {}
        }
        change.private = b"kept".to_vec();
        let id = if label == "forgets" {
            Attr::Unknown
        } else {
            Attr::Known(format!("box-{label}"))
        };
        Some(Crate {
            label,
            size: change.planned.size,
            id,
            key: None,
        })
    }

    async fn read(
        &self,
        state: Crate,
        private: &mut Private,
        _call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Crate> {
        private.extend_from_slice(b"!");
        match state.label.as_str() {
            "gone" => None,
            "locked" => {
                diagnostics.error("Locked", "The shelf is locked.");
                None
            }
            _ => Some(Crate {
                size: state.size + 1,
                ..state
            }),
        }
    }

    async fn update(&self, change: &mut Change<Crate>, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Crate> {
        if change.planned.size > 9 {
            diagnostics.error("Too big", "It stays as it was.");
            return None;
        }
        let prior = change.prior.take()?;
        Some(Crate {
            size: change.planned.size,
            ..prior
        })
    }

    async fn delete(&self, state: Crate, _private: &Private, _call: &Call, diagnostics: &mut Diagnostics) {
        if state.label == "nailed" {
            diagnostics.error("Nailed down", "It cannot be removed.");
        }
    }

    async fn import(&self, id: &str, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Imported<Crate>> {
        let state = Crate {
            label: id.trim_start_matches("box-").into(),
            size: 0,
            id: Attr::Known(id.into()),
            key: None,
        };
        Some(Imported {
            state,
            private: Private::new(),
        })
    }

    async fn upgrade(
        &self,
        version: i64,
        mut state: serde_json::Value,
        _diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        state["size"] = version.into();
        Some(state)
    }
}

struct Count;

#[async_trait::async_trait]
impl DataSource for Count {
    type State = Value;

    fn name(&self) -> String {
        "shelf_count".into()
    }

    fn schema(&self) -> Schema {
        Schema::new("Counts.")
            .attribute(
                "room",
                Attribute::optional(Type::String, "Room.").default_value("cellar"),
            )
            .attribute("count", Attribute::computed(Type::Number, "Count."))
    }

    async fn read(&self, mut config: Value, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Value> {
        config.set_attribute("count", 7_i64.into());
        Some(config)
    }
}

struct Join;

#[async_trait::async_trait]
impl Function for Join {
    fn name(&self) -> String {
        "join".into()
    }

    fn signature(&self) -> Signature {
        let part = Parameter {
            name: "part".into(),
            ty: Type::String,
            description: "A part.".into(),
            allow_null: false,
            allow_unknown: false,
        };
        Signature {
            parameters: vec![part.clone()],
            variadic: Some(part),
            returns: Type::String,
            summary: "Joins.".into(),
            description: "Joins parts.".into(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let parts: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        if let Some(position) = parts.iter().position(|part| part.is_empty()) {
            return Err(FunctionError {
                text: "a part is empty".into(),
                argument: Some(position),
            });
        }
        Ok(parts.concat().into())
    }
}

#[async_trait::async_trait]
impl Provider for Shelf {
    fn schema(&self) -> Schema {
        Schema::new("A shelf.").attribute("room", Attribute::optional(Type::String, "Room."))
    }

    async fn configure(&self, configuration: Configuration, diagnostics: &mut Diagnostics) {
        if configuration.config.attribute("room").as_str() == Some("attic") {
            diagnostics.error("No such room", "There is no attic.");
        }
    }

    fn resources(&self) -> Vec<Arc<ErasedResource>> {
        vec![resource(Crates)]
    }

    fn data_sources(&self) -> Vec<Arc<ErasedDataSource>> {
        vec![data_source(Count)]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        vec![Arc::new(Join)]
    }
}

fn service() -> Service<Shelf> {
    Service::new(Shelf)
}

fn value(label: &str, size: Value, id: Value, key: Value) -> Value {
    Value::object([("label", Value::from(label)), ("size", size), ("id", id), ("key", key)])
}

fn wire(value: &Value) -> Option<proto::DynamicValue> {
    let msgpack = msgpack::encode(value, &box_schema().ty()).unwrap().into();
    Some(proto::DynamicValue {
        msgpack,
        ..Default::default()
    })
}

fn unwire(value: Option<proto::DynamicValue>) -> Value {
    msgpack::decode(&value.unwrap().msgpack, &box_schema().ty()).unwrap()
}

async fn plan(prior: &Value, config: &Value, proposed: &Value) -> proto::plan_resource_change::Response {
    let request = proto::plan_resource_change::Request {
        type_name: "shelf_crate".into(),
        prior_state: wire(prior),
        proposed_new_state: wire(proposed),
        config: wire(config),
        ..Default::default()
    };
    service()
        .plan_resource_change(Request::new(request))
        .await
        .unwrap()
        .into_inner()
}

async fn apply(prior: &Value, planned: &Value) -> proto::apply_resource_change::Response {
    let request = proto::apply_resource_change::Request {
        type_name: "shelf_crate".into(),
        prior_state: wire(prior),
        planned_state: wire(planned),
        config: wire(planned),
        ..Default::default()
    };
    service()
        .apply_resource_change(Request::new(request))
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_create_is_planned_with_defaults_and_what_is_known_of_computed_values() {
    let config = value("a", Value::Null, Value::Null, "secret".into());
    let response = plan(&Value::Null, &config, &config).await;
    let planned = unwire(response.planned_state);
    assert_eq!(
        planned,
        value("a", 3_i64.into(), Value::unknown_with_prefix("box-a"), Value::Null)
    );
    assert_eq!(&response.planned_private[..], b"planned");
    assert!(!response.legacy_type_system);
}

#[tokio::test]
async fn a_changed_label_replaces() {
    let prior = value("a", 3_i64.into(), "box-a".into(), Value::Null);
    let config = value("b", Value::Null, Value::Null, Value::Null);
    let response = plan(&prior, &config, &value("b", 3_i64.into(), "box-a".into(), Value::Null)).await;
    let paths: Vec<_> = response
        .requires_replace
        .iter()
        .map(|path| format!("{:?}", path.steps[0].selector))
        .collect();
    assert_eq!(paths, [r#"Some(AttributeName("label"))"#]);
}

#[tokio::test]
async fn a_failed_create_keeps_what_exists_and_nothing_else() {
    let planned = |label: &str| value(label, 3_i64.into(), Value::UNKNOWN, Value::Null);
    let half = apply(&Value::Null, &planned("half")).await;
    assert_eq!(half.diagnostics[0].summary, "Crooked");
    assert_eq!(
        unwire(half.new_state),
        value("half", 3_i64.into(), "box-half".into(), Value::Null)
    );
    assert_eq!(&half.private[..], b"kept");

    let refused = apply(&Value::Null, &planned("refused")).await;
    assert_eq!(unwire(refused.new_state), Value::Null);
}

#[tokio::test]
async fn a_failed_update_or_delete_keeps_the_prior_state() {
    let prior = value("nailed", 3_i64.into(), "box-nailed".into(), Value::Null);
    let update = apply(
        &prior,
        &value("nailed", 10_i64.into(), "box-nailed".into(), Value::Null),
    )
    .await;
    assert_eq!(unwire(update.new_state), prior);
    let delete = apply(&prior, &Value::Null).await;
    assert_eq!(delete.diagnostics[0].summary, "Nailed down");
    assert_eq!(unwire(delete.new_state), prior);
}

#[tokio::test]
async fn defects_of_a_resource_are_errors_and_not_broken_states() {
    let planned = |label: &str| value(label, 3_i64.into(), Value::UNKNOWN, Value::Null);
    let panics = apply(&Value::Null, &planned("panics")).await;
    assert_eq!(panics.diagnostics[0].summary, "Provider defect");
    assert!(
        panics.diagnostics[0].detail.contains("the shelf fell over"),
        "{:?}",
        panics.diagnostics
    );

    let silent = apply(&Value::Null, &planned("silent")).await;
    assert_eq!(silent.diagnostics[0].summary, "Missing state");

    let forgets = apply(&Value::Null, &planned("forgets")).await;
    assert_eq!(forgets.diagnostics[0].summary, "Unknown value after apply");
    assert_eq!(
        unwire(forgets.new_state),
        value("forgets", 3_i64.into(), Value::Null, Value::Null)
    );
}

#[tokio::test]
async fn a_read_that_fails_keeps_the_stored_state_and_one_that_finds_nothing_says_gone() {
    let read = async |label: &str| {
        let current_state = wire(&value(label, 1_i64.into(), "box".into(), Value::Null));
        let request = proto::read_resource::Request {
            type_name: "shelf_crate".into(),
            current_state,
            private: b"kept".to_vec().into(),
            ..Default::default()
        };
        service()
            .read_resource(Request::new(request))
            .await
            .unwrap()
            .into_inner()
    };
    let there = read("a").await;
    assert_eq!(&there.private[..], b"kept!");
    assert_eq!(unwire(there.new_state).attribute("size"), &Value::from(2_i64));
    assert_eq!(unwire(read("gone").await.new_state), Value::Null);
    let locked = read("locked").await;
    assert_eq!(locked.diagnostics.len(), 1);
    assert_eq!(unwire(locked.new_state).attribute("size"), &Value::from(1_i64));
}

#[tokio::test]
async fn write_only_values_are_refused_where_they_would_be_stored() {
    let validate = async |allowed: bool| {
        let config = wire(&value("", Value::Null, Value::Null, "secret".into()));
        let client_capabilities = Some(proto::ClientCapabilities {
            write_only_attributes_allowed: allowed,
            ..Default::default()
        });
        let request = proto::validate_resource_config::Request {
            type_name: "shelf_crate".into(),
            config,
            client_capabilities,
        };
        let response = service()
            .validate_resource_config(Request::new(request))
            .await
            .unwrap()
            .into_inner();
        response
            .diagnostics
            .into_iter()
            .map(|diagnostic| diagnostic.summary)
            .collect::<Vec<_>>()
    };
    assert_eq!(validate(true).await, ["Empty label"]);
    assert_eq!(
        validate(false).await,
        ["Write-only argument not supported", "Empty label"]
    );
}

#[tokio::test]
async fn a_state_of_this_version_is_returned_as_it_came_and_an_older_one_is_upgraded() {
    let upgrade = async |version: i64| {
        let json: &[u8] = br#"{"label":"a","size":0.10,"id":"x","key":null}"#;
        let raw_state = Some(proto::RawState {
            json: json.into(),
            ..Default::default()
        });
        let request = proto::upgrade_resource_state::Request {
            type_name: "shelf_crate".into(),
            version,
            raw_state,
        };
        let response = service()
            .upgrade_resource_state(Request::new(request))
            .await
            .unwrap()
            .into_inner();
        String::from_utf8(response.upgraded_state.unwrap().json.to_vec()).unwrap()
    };
    assert_eq!(upgrade(1).await, r#"{"label":"a","size":0.10,"id":"x","key":null}"#);
    assert!(upgrade(0).await.contains(r#""size":0"#));
}

#[tokio::test]
async fn data_sources_get_their_defaults() {
    let ty = Type::object([("room", Type::String), ("count", Type::Number)]);
    let config = Value::object([("room", Value::Null), ("count", Value::Null)]);
    let msgpack = msgpack::encode(&config, &ty).unwrap().into();
    let request = proto::read_data_source::Request {
        type_name: "shelf_count".into(),
        config: Some(proto::DynamicValue {
            msgpack,
            ..Default::default()
        }),
        ..Default::default()
    };
    let response = service()
        .read_data_source(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    let state = msgpack::decode(&response.state.unwrap().msgpack, &ty).unwrap();
    assert_eq!(
        state,
        Value::object([("room", Value::from("cellar")), ("count", 7_i64.into())])
    );
}

#[tokio::test]
async fn functions_name_the_argument_they_refuse() {
    let call = async |parts: &[&str]| {
        let arguments = parts.iter().map(|part| {
            let msgpack = msgpack::encode(&Value::from(*part), &Type::String).unwrap().into();
            proto::DynamicValue {
                msgpack,
                ..Default::default()
            }
        });
        let request = proto::call_function::Request {
            name: "join".into(),
            arguments: arguments.collect(),
        };
        service()
            .call_function(Request::new(request))
            .await
            .unwrap()
            .into_inner()
    };
    let joined = call(&["a", "b", "c"]).await;
    assert_eq!(
        msgpack::decode(&joined.result.unwrap().msgpack, &Type::String).unwrap(),
        Value::from("abc")
    );
    let refused = call(&["a", ""]).await.error.unwrap();
    assert_eq!(
        (refused.text.as_str(), refused.function_argument),
        ("a part is empty", Some(1))
    );
}

#[tokio::test]
async fn what_is_not_implemented_is_neither_announced_nor_answered() {
    let schema = service()
        .get_provider_schema(Request::new(Default::default()))
        .await
        .unwrap()
        .into_inner();
    let capabilities = schema.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(capabilities.generate_resource_config && !capabilities.move_resource_state);
    assert!(schema.ephemeral_resource_schemas.is_empty() && schema.action_schemas.is_empty());
    let status = service()
        .move_resource_state(Request::new(Default::default()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}

#[tokio::test]
async fn an_import_is_one_object_and_an_unknown_type_an_error() {
    let import = async |type_name: &str| {
        let request = proto::import_resource_state::Request {
            type_name: type_name.into(),
            id: "box-a".into(),
            ..Default::default()
        };
        service()
            .import_resource_state(Request::new(request))
            .await
            .unwrap()
            .into_inner()
    };
    let imported = import("shelf_crate").await.imported_resources;
    assert_eq!(imported.len(), 1);
    assert_eq!(unwire(imported[0].state.clone()).attribute("label"), &Value::from("a"));
    assert_eq!(
        import("shelf_barrel").await.diagnostics[0].summary,
        "Unknown resource type"
    );
}

#[tokio::test]
async fn the_configuration_of_an_imported_object_says_what_does_not_go_without_saying() {
    let configuration = async |size: i64| {
        let state = value("a", size.into(), "id-a".into(), Value::Null);
        let request = proto::generate_resource_config::Request {
            type_name: "shelf_crate".into(),
            state: wire(&state),
        };
        let answer = service().generate_resource_config(Request::new(request)).await;
        unwire(answer.unwrap().into_inner().config)
    };
    assert_eq!(
        configuration(3).await,
        value("a", Value::Null, Value::Null, Value::Null),
        "3 is the default"
    );
    assert_eq!(configuration(4).await, value("a", 4.into(), Value::Null, Value::Null));
}
