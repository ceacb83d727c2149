//! Resource identity through the calls of the protocol: made once, given back unchanged, found again by it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    proto::tfplugin6::{self as proto, provider_server::Provider as _},
    provider::{Call, Change, Configuration, ErasedResource, Imported, Private, Provider, Resource, resource},
    schema::{Attribute, Schema},
    service::Service,
    value::{Type, Value, msgpack},
};
use tonic::Request;

/// A book: `shelf` and `title` identify it, `title` only where there are several on a shelf; `place` is where it lies.
struct Books;

fn schema() -> Schema {
    Schema::new("A book.")
        .attribute("shelf", Attribute::required(Type::String, "Shelf.").replaces())
        .attribute("title", Attribute::optional(Type::String, "Title."))
        .attribute("place", Attribute::computed(Type::Number, "Place."))
}

fn identity_schema() -> IdentitySchema {
    IdentitySchema {
        version: 1,
        ..IdentitySchema::new()
            .required("shelf", Type::String, "Shelf.")
            .optional("title", Type::String, "Title.")
    }
}

#[async_trait::async_trait]
impl Resource for Books {
    type State = Value;

    fn name(&self) -> String {
        "library_book".into()
    }

    fn schema(&self) -> Schema {
        schema()
    }

    async fn create(&self, change: &mut Change<Value>, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        match change.planned.attribute("shelf").as_str() {
            Some("full") => {
                diagnostics.error("No room", "Nothing was put on the shelf.");
                return None;
            }
            Some("crooked") => diagnostics.error("Crooked", "The book stands there, but crooked."),
            _ => {}
        }
        let mut state = change.planned.clone();
        state.set_attribute("place", 1_i64.into());
        Some(state)
    }

    async fn read(
        &self,
        mut state: Value,
        _private: &mut Private,
        _call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        match state.attribute("shelf").as_str() {
            Some("burnt") => return None,
            Some("locked") => diagnostics.error("Locked", "The library is closed."),
            // The library spells its shelves in its own way.
            Some(shelf) => state.set_attribute("shelf", shelf.to_uppercase().into()),
            None => {}
        }
        Some(state)
    }

    async fn update(&self, change: &mut Change<Value>, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Value> {
        Some(change.planned.clone())
    }

    async fn delete(&self, state: Value, _private: &Private, _call: &Call, diagnostics: &mut Diagnostics) {
        if state.attribute("shelf").as_str() == Some("locked") {
            diagnostics.error("Locked", "It cannot be taken away.");
        }
    }

    async fn import(&self, id: &str, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
        Some(found(book(id.into(), Value::Null, Value::Null)))
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(identity_schema())
    }

    fn identity(&self, object: &Value) -> Value {
        identity(object.attribute("shelf").clone(), object.attribute("title").clone())
    }

    async fn import_by_identity(
        &self,
        identity: &Value,
        _call: &Call,
        _diagnostics: &mut Diagnostics,
    ) -> Option<Imported<Value>> {
        let part = |name: &str| identity.attribute(name).clone();
        Some(found(book(part("shelf"), part("title"), Value::Null)))
    }

    async fn upgrade_identity(
        &self,
        version: i64,
        mut identity: serde_json::Value,
        _diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        identity["title"] = format!("since {version}").into();
        Some(identity)
    }
}

fn found(state: Value) -> Imported<Value> {
    Imported {
        state,
        private: Private::new(),
    }
}

/// A pamphlet has no identity.
struct Pamphlets;

#[async_trait::async_trait]
impl Resource for Pamphlets {
    type State = Value;

    fn name(&self) -> String {
        "library_pamphlet".into()
    }

    fn schema(&self) -> Schema {
        schema()
    }

    async fn create(&self, change: &mut Change<Value>, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Value> {
        Some(change.planned.clone())
    }

    async fn read(
        &self,
        state: Value,
        _private: &mut Private,
        _call: &Call,
        _diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        Some(state)
    }

    async fn update(&self, change: &mut Change<Value>, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Value> {
        Some(change.planned.clone())
    }

    async fn delete(&self, _state: Value, _private: &Private, _call: &Call, _diagnostics: &mut Diagnostics) {}
}

struct Library;

#[async_trait::async_trait]
impl Provider for Library {
    fn schema(&self) -> Schema {
        Schema::new("A library.")
    }

    async fn configure(&self, _configuration: Configuration, _diagnostics: &mut Diagnostics) {}

    fn resources(&self) -> Vec<Arc<ErasedResource>> {
        vec![resource(Books), resource(Pamphlets)]
    }
}

fn service() -> Service<Library> {
    Service::new(Library)
}

fn book(shelf: Value, title: Value, place: Value) -> Value {
    Value::object([("shelf", shelf), ("title", title), ("place", place)])
}

fn identity(shelf: Value, title: Value) -> Value {
    Value::object([("shelf", shelf), ("title", title)])
}

fn dynamic(value: &Value, ty: &Type) -> Option<proto::DynamicValue> {
    Some(proto::DynamicValue {
        msgpack: msgpack::encode(value, ty).unwrap().into(),
        ..Default::default()
    })
}

fn wire(value: &Value) -> Option<proto::DynamicValue> {
    dynamic(value, &schema().ty())
}

fn data(identity: &Value) -> Option<proto::ResourceIdentityData> {
    Some(proto::ResourceIdentityData {
        identity_data: dynamic(identity, &identity_schema().ty()),
    })
}

fn unwire(data: Option<proto::ResourceIdentityData>) -> Value {
    let data = data.unwrap().identity_data.unwrap();
    msgpack::decode(&data.msgpack, &identity_schema().ty()).unwrap()
}

async fn plan(
    prior: &Value,
    planned: &Value,
    prior_identity: Option<proto::ResourceIdentityData>,
) -> proto::plan_resource_change::Response {
    let request = proto::plan_resource_change::Request {
        type_name: "library_book".into(),
        prior_state: wire(prior),
        proposed_new_state: wire(planned),
        config: wire(planned),
        prior_identity,
        ..Default::default()
    };
    service()
        .plan_resource_change(Request::new(request))
        .await
        .unwrap()
        .into_inner()
}

async fn apply(
    prior: &Value,
    planned: &Value,
    planned_identity: Option<proto::ResourceIdentityData>,
) -> proto::apply_resource_change::Response {
    let request = proto::apply_resource_change::Request {
        type_name: "library_book".into(),
        prior_state: wire(prior),
        planned_state: wire(planned),
        config: wire(planned),
        planned_identity,
        ..Default::default()
    };
    service()
        .apply_resource_change(Request::new(request))
        .await
        .unwrap()
        .into_inner()
}

async fn read(state: &Value, current_identity: Option<proto::ResourceIdentityData>) -> proto::read_resource::Response {
    let request = proto::read_resource::Request {
        type_name: "library_book".into(),
        current_state: wire(state),
        current_identity,
        ..Default::default()
    };
    service()
        .read_resource(Request::new(request))
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn only_resources_that_have_one_announce_the_shape_of_their_identity() {
    let schemas = service()
        .get_resource_identity_schemas(Request::new(Default::default()))
        .await
        .unwrap()
        .into_inner()
        .identity_schemas;
    assert_eq!(schemas.len(), 1, "{schemas:?}");
    let schema = &schemas["library_book"];
    assert_eq!(schema.version, 1);
    let told: Vec<_> = schema
        .identity_attributes
        .iter()
        .map(|attribute| {
            let ty = String::from_utf8(attribute.r#type.to_vec()).unwrap();
            (
                attribute.name.as_str(),
                ty,
                attribute.required_for_import,
                attribute.optional_for_import,
            )
        })
        .collect();
    let text = "\"string\"".to_owned();
    assert_eq!(
        told,
        [("shelf", text.clone(), true, false), ("title", text, false, true)]
    );
}

#[tokio::test]
async fn a_create_plans_the_identity_that_is_wholly_known_and_the_apply_tells_every_other() {
    let known = book("a".into(), "x".into(), Value::Null);
    let planned = plan(&Value::Null, &known, None).await;
    let expected = identity("a".into(), "x".into());
    assert_eq!(unwire(planned.planned_identity.clone()), expected);
    let applied = apply(&Value::Null, &known, planned.planned_identity).await;
    assert_eq!(unwire(applied.new_identity), expected);

    let unknown = book(Value::UNKNOWN, Value::Null, Value::Null);
    let planned = plan(&Value::Null, &unknown, None).await;
    assert_eq!(planned.planned_identity, None);
    let settled = book("a".into(), Value::Null, Value::UNKNOWN);
    let applied = apply(&Value::Null, &settled, planned.planned_identity).await;
    assert_eq!(unwire(applied.new_identity), identity("a".into(), Value::Null));
}

#[tokio::test]
async fn what_a_failed_apply_leaves_has_its_identity_and_what_is_not_there_has_none() {
    let create = async |shelf: &str| apply(&Value::Null, &book(shelf.into(), Value::Null, Value::UNKNOWN), None).await;
    let crooked = create("crooked").await;
    assert_eq!(crooked.diagnostics[0].summary, "Crooked");
    assert_eq!(unwire(crooked.new_identity), identity("crooked".into(), Value::Null));
    assert_eq!(create("full").await.new_identity, None);

    let locked = book("locked".into(), Value::Null, 1_i64.into());
    let kept = apply(&locked, &Value::Null, None).await;
    assert_eq!(unwire(kept.new_identity), identity("locked".into(), Value::Null));
    let there = book("a".into(), Value::Null, 1_i64.into());
    assert_eq!(apply(&there, &Value::Null, None).await.new_identity, None);
}

#[tokio::test]
async fn an_identity_that_terraform_has_comes_back_as_it_was() {
    let state = book("a".into(), Value::Null, 1_i64.into());
    let stored = identity("a".into(), Value::Null);
    assert_eq!(unwire(read(&state, data(&stored)).await.new_identity), stored);
    let locked = book("locked".into(), Value::Null, 1_i64.into());
    assert_eq!(
        unwire(read(&locked, data(&stored)).await.new_identity),
        stored,
        "beside an error too"
    );
    assert_eq!(
        unwire(plan(&state, &state, data(&stored)).await.planned_identity),
        stored
    );
    assert_eq!(unwire(apply(&state, &state, data(&stored)).await.new_identity), stored);
}

#[tokio::test]
async fn a_state_without_an_identity_gets_one() {
    let state = book("a".into(), "x".into(), 1_i64.into());
    let seen = read(&state, None).await;
    assert_eq!(unwire(seen.new_identity), identity("A".into(), "x".into()));
    let planned = plan(&state, &state, None).await;
    assert_eq!(unwire(planned.planned_identity), identity("a".into(), "x".into()));
    assert_eq!(
        read(&book("burnt".into(), Value::Null, Value::Null), None)
            .await
            .new_identity,
        None
    );
}

#[tokio::test]
async fn a_change_of_the_identity_replaces_or_is_a_defect() {
    let prior = book("a".into(), "x".into(), 1_i64.into());
    let stored = identity("a".into(), "x".into());
    let moved = plan(&prior, &book("b".into(), "x".into(), 1_i64.into()), data(&stored)).await;
    assert_eq!(moved.requires_replace.len(), 1);
    assert_eq!(unwire(moved.planned_identity), identity("b".into(), "x".into()));

    let renamed = plan(&prior, &book("a".into(), "y".into(), 1_i64.into()), data(&stored)).await;
    assert_eq!(renamed.diagnostics[0].summary, "Identity changed in place");

    // Terraform takes an unknown identity for what is yet to be made only.
    let later = plan(&prior, &book("a".into(), Value::UNKNOWN, 1_i64.into()), data(&stored)).await;
    assert!(later.diagnostics.is_empty(), "{:?}", later.diagnostics);
    assert_eq!(unwire(later.planned_identity), stored);
}

#[tokio::test]
async fn an_import_by_identity_keeps_it_and_one_by_id_leaves_it_to_the_read() {
    let import = async |type_name: &str, id: &str, identity: Option<proto::ResourceIdentityData>| {
        let request = proto::import_resource_state::Request {
            type_name: type_name.into(),
            id: id.into(),
            identity,
            ..Default::default()
        };
        let response = service().import_resource_state(Request::new(request)).await;
        response.unwrap().into_inner()
    };
    let sought = identity("a".into(), "x".into());
    let found = import("library_book", "", data(&sought)).await.imported_resources;
    let state = msgpack::decode(&found[0].state.clone().unwrap().msgpack, &schema().ty()).unwrap();
    assert_eq!(state, book("a".into(), "x".into(), Value::Null));
    assert_eq!(unwire(found[0].identity.clone()), sought);

    let found = import("library_book", "a", None).await.imported_resources;
    assert_eq!(found[0].identity, None);

    let refused = import("library_pamphlet", "", data(&sought)).await;
    assert_eq!(refused.diagnostics[0].summary, "Nothing to import by");
}

#[tokio::test]
async fn an_identity_of_an_older_shape_is_upgraded() {
    let upgrade = async |version: i64| {
        let request = proto::upgrade_resource_identity::Request {
            type_name: "library_book".into(),
            version,
            raw_identity: Some(proto::RawState {
                json: br#"{"shelf":"a"}"#.to_vec().into(),
                ..Default::default()
            }),
        };
        let response = service().upgrade_resource_identity(Request::new(request)).await;
        let data = response.unwrap().into_inner().upgraded_identity.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&data.identity_data.unwrap().json).unwrap();
        json
    };
    assert_eq!(
        upgrade(0).await,
        serde_json::json!({ "shelf": "a", "title": "since 0" })
    );
    assert_eq!(upgrade(1).await, serde_json::json!({ "shelf": "a" }));
}
