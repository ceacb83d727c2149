//! What a provider implements: the provider itself, resources, data sources and functions.
//!
//! The library does what the protocol demands of every provider (decoding, defaults, unknown computed values, write-only values,
//! replacement, private state, catching panics); an implementation says only what is its own.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    schema::Schema,
    value::{Path, Type, Value, typed::Model},
};

/// What every call may look at.
#[derive(Clone, Debug)]
pub struct Call {
    /// Cancelled when Terraform asks the provider to stop (Ctrl-C). Waits should end; what was done must still be returned.
    pub cancel: CancellationToken,
    /// Whether this Terraform keeps write-only values out of state (1.11).
    pub write_only_attributes_allowed: bool,
    /// Whether this Terraform hands [`Plan::private`] of the first plan to the plan that is made during apply (1.16). An older one
    /// forgets it when it replaces an object.
    pub stores_planned_private: bool,
}

/// The configuration of the provider, once per process in plan and apply.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The provider block; anything in it may be unknown.
    pub config: Value,
    /// The version of Terraform, for user agents.
    pub terraform_version: String,
}

/// A provider.
#[async_trait::async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks the provider block; unknown values are normal.
    async fn validate(&self, _config: &Value, _diagnostics: &mut Diagnostics) {}

    /// Takes the provider block. May be called again with another one (debug mode serves many commands).
    async fn configure(&self, configuration: Configuration, diagnostics: &mut Diagnostics);

    /// The managed resources.
    fn resources(&self) -> Vec<Arc<ErasedResource>> {
        Vec::new()
    }

    /// The data sources.
    fn data_sources(&self) -> Vec<Arc<ErasedDataSource>> {
        Vec::new()
    }

    /// The functions.
    fn functions(&self) -> Vec<Arc<dyn Function>> {
        Vec::new()
    }
}

/// Bytes that Terraform keeps beside a resource's state for the provider alone. Empty when nothing was kept.
pub type Private = Vec<u8>;

/// A plan in the making. `planned` starts as what the schema implies and may be refined.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The state before; `None` on create.
    pub prior: Option<Value>,
    /// The configuration; unknown values are normal.
    pub config: Value,
    /// The state to be; known values in it are promises. Meaningless in [`Resource::plan_delete`].
    pub planned: Value,
    /// Attributes whose change replaces the object, beside those whose schema says so.
    pub requires_replace: Vec<Path>,
    /// In: what was kept with the prior state, or by the first plan of a replacement. Out: what apply gets.
    pub private: Private,
}

/// A change to carry out.
#[derive(Clone, Debug)]
pub struct Change<S> {
    /// The state before; `None` on create.
    pub prior: Option<S>,
    /// The planned state; every known value must come back as it is and every unknown one known.
    pub planned: S,
    /// The configuration, the only place of write-only values.
    pub config: Value,
    /// In: what the plan left. Out: what is kept with the new state.
    pub private: Private,
}

/// An object found by an import id.
#[derive(Clone, Debug)]
pub struct Imported<S> {
    /// What `read` needs; it is called next.
    pub state: S,
    /// Kept beside it.
    pub private: Private,
}

/// A managed resource.
#[async_trait::async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The shape of the state: a serde struct, or [`Value`] itself.
    type State: Model + Send;

    /// The full type name, with the provider's prefix.
    fn name(&self) -> String;

    /// The schema.
    fn schema(&self) -> Schema;

    /// Checks the configuration, also without a configured provider (`terraform validate`); unknown values are normal.
    async fn validate(&self, _config: &Value, _call: &Call, _diagnostics: &mut Diagnostics) {}

    /// Refines the plan of a create or update: computed values that are known already, and warnings.
    async fn plan(&self, _plan: &mut Plan, _call: &Call, _diagnostics: &mut Diagnostics) {}

    /// Looks at the plan of a destroy: warnings only.
    async fn plan_delete(&self, _plan: &mut Plan, _call: &Call, _diagnostics: &mut Diagnostics) {}

    /// Creates the object. The state returned is kept even beside errors (Terraform then taints it); `None` beside an error
    /// says that nothing exists.
    async fn create(
        &self,
        change: &mut Change<Self::State>,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self::State>;

    /// Reads the object; `None` says that it is gone. Beside errors the stored state is kept.
    async fn read(
        &self,
        state: Self::State,
        private: &mut Private,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self::State>;

    /// Changes the object. Beside errors the state returned says what exists now; `None` then keeps the prior state.
    async fn update(
        &self,
        change: &mut Change<Self::State>,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self::State>;

    /// Deletes the object; beside errors the prior state is kept.
    async fn delete(&self, state: Self::State, private: &Private, call: &Call, diagnostics: &mut Diagnostics);

    /// Finds an existing object by its import id.
    async fn import(&self, _id: &str, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Imported<Self::State>> {
        diagnostics.error(
            "Import is not supported",
            format!(
                "`{}` cannot be imported: create it with Terraform instead.",
                self.name()
            ),
        );
        None
    }

    /// Refines the configuration that Terraform (1.14) writes for an imported object. It starts as every argument that has a value other than its
    /// default, and what goes without saying, or cannot be said together, is left out.
    fn refine_configuration(&self, _state: &Value, _config: &mut Value) {}

    /// The shape of what identifies an object beyond all change; `None` for a resource without identity.
    fn identity_schema(&self) -> Option<IdentitySchema> {
        None
    }

    /// The identity that follows from the plan or state of an object: unknown only while what it follows from is, and null where nothing
    /// does. A plan that changes it must replace the object. Asked only where there is an [`identity_schema`](Self::identity_schema).
    fn identity(&self, _object: &Value) -> Value {
        Value::Null
    }

    /// Whether an identity still names the object of a plan that changes it in place. By default it must be the object's very own.
    fn is_identified_by(&self, identity: &Value, object: &Value) -> bool {
        *identity == self.identity(object)
    }

    /// Finds an existing object by its identity, as an import block gives it: what may be left out is null then.
    async fn import_by_identity(
        &self,
        _identity: &Value,
        _call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Imported<Self::State>> {
        diagnostics.error(
            "Import by id only",
            format!("`{}` is imported by its id, not by an identity.", self.name()),
        );
        None
    }

    /// Rewrites a stored identity of an older schema version, as JSON.
    async fn upgrade_identity(
        &self,
        _version: i64,
        identity: serde_json::Value,
        _diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        Some(identity)
    }

    /// Rewrites a stored state of an older schema version, as JSON.
    async fn upgrade(
        &self,
        _version: i64,
        state: serde_json::Value,
        _diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        Some(state)
    }
}

/// A data source.
#[async_trait::async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// The shape of the result: a serde struct, or [`Value`] itself.
    type State: Model + Send;

    /// The full type name, with the provider's prefix.
    fn name(&self) -> String;

    /// The schema.
    fn schema(&self) -> Schema;

    /// Checks the configuration, also without a configured provider; unknown values are normal.
    async fn validate(&self, _config: &Value, _call: &Call, _diagnostics: &mut Diagnostics) {}

    /// Reads. `config` has the schema's defaults filled in and is wholly known; the result repeats it and adds the computed
    /// attributes. `None` only beside an error.
    async fn read(&self, config: Value, call: &Call, diagnostics: &mut Diagnostics) -> Option<Self::State>;
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// An HCL identifier.
    pub name: String,
    /// The type of argument.
    pub ty: Type,
    /// What it means, in Markdown.
    pub description: String,
    /// Whether `null` may be given.
    pub allow_null: bool,
    /// Whether the function is called with an unknown argument, instead of Terraform assuming an unknown result.
    pub allow_unknown: bool,
}

/// The signature of a function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The positional parameters.
    pub parameters: Vec<Parameter>,
    /// What any further arguments are.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub returns: Type,
    /// One line.
    pub summary: String,
    /// What it does, in Markdown.
    pub description: String,
}

/// Why a function refuses its arguments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// The reason and the remedy.
    pub text: String,
    /// The argument at fault, counted from 0.
    pub argument: Option<usize>,
}

/// A function. It must be pure: Terraform checks that the same arguments always give the same result. It is called in a process of
/// its own, without configuration.
#[async_trait::async_trait]
pub trait Function: Send + Sync + 'static {
    /// The name, without a prefix.
    fn name(&self) -> String;

    /// Parameters, result and documentation.
    fn signature(&self) -> Signature;

    /// Computes the result.
    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError>;
}

mod erased;
pub use erased::{ErasedDataSource, ErasedResource, data_source, resource};
