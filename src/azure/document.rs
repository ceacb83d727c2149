//! Read, merge, write, read again: how one ARM object is changed without undoing what others do to it.
//!
//! Under the locks of the object and its parents: GET, let the caller change its own parts of the raw JSON, PUT with `If-Match`,
//! follow the operation, GET again (the version changes once more when the operation ends). Where somebody else was faster, read and
//! merge again. Where a write may have been carried out although no answer came, look before writing again.

mod writing;

use azure_core::http::Method;
use serde_json::Value;

use super::{
    call::Call,
    client::{Address, ArmClient, Condition, Outgoing},
    error::{ArmError, Operation, ServiceError},
    locks::Held,
    meaning::overlay,
    operation::{self, Started, provisioning_state},
    resource_id::ResourceId,
    retry::Attempts,
    secret::Secret,
};

use writing::{Turn, is_what_we_sent};

/// An ARM object as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its id.
    pub id: ResourceId,
    /// Everything Azure says about it.
    pub body: Value,
    /// Its version.
    pub etag: Option<String>,
}

/// What a resource kind needs said about it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) api_version: &'static str,
    /// Properties that Azure computes (back references, mostly); sent back, they are ignored or refused.
    pub(super) computed: &'static [&'static str],
    /// Properties that refer to objects whose writers must wait, as `{"id": …}` or a list of these.
    pub(super) associations: &'static [&'static str],
    /// The kind of the parent, which must not be busy when this is written.
    pub(super) parent: Option<&'static Kind>,
    /// Properties of the parent that refer to an object whose writers must wait, as `{"id": …}`.
    pub(super) parent_associations: &'static [&'static str],
    /// What a PUT has in its query behind the API version: empty, or `&name=value`.
    pub(super) put_query: &'static str,
}

/// The objects of one kind: network security groups, subnets, ….
#[derive(Clone, Copy, Debug)]
pub struct Documents<'a> {
    client: &'a ArmClient,
    kind: &'static Kind,
}

/// How an attempt to write failed.
enum Setback {
    /// In a way that another attempt may cure, if the error is of that sort.
    Again(ArmError),
    /// For good.
    Stop(ArmError),
}

impl From<ArmError> for Setback {
    fn from(error: ArmError) -> Setback {
        Setback::Stop(error)
    }
}

impl<'a> Documents<'a> {
    pub(super) fn of(client: &'a ArmClient, kind: &'static Kind) -> Documents<'a> {
        Documents { client, kind }
    }

    /// The api-version that the objects are read and written with.
    pub fn api_version(self) -> &'static str {
        self.kind.api_version
    }

    /// Reads an object; `None` if it, its parent or its resource group does not exist. Those who ask at the same moment share one request.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn get(self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        let shared = self.client.reads().share(id, self.read(id, call));
        let operation = Operation::new("GET", id);
        call.run(shared)
            .await
            .unwrap_or_else(|interruption| Err(ArmError::interrupted(interruption, &operation, call.timeout(), None)))
    }

    /// Reads an object by a request of its own: what is to be written back must have been read under the locks.
    async fn read(self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        match self.client.get(id, self.kind.api_version, call).await {
            Ok(response) => Ok(Some(Document {
                id: id.clone(),
                body: response.body,
                etag: response.etag,
            })),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates an object with everything in `body`.
    ///
    /// # Errors
    /// [`ArmError::AlreadyExists`] if it exists; see [`ArmError`].
    pub async fn create(self, id: &ResourceId, body: Value, call: &Call) -> Result<Document, ArmError> {
        let operation = Operation::new("PUT", id);
        let held = self.lock(id, &[], &operation, call).await?;
        self.write(id, &operation, held, false, call, |existing, sent| match existing {
            None => Ok(body.clone()),
            Some(existing) if sent && is_what_we_sent(&existing.body, &body) => {
                let mut merged = existing.body.clone();
                overlay(&mut merged, &body);
                Ok(merged)
            }
            Some(_) => Err(ArmError::AlreadyExists {
                id: Box::new(id.clone()),
            }),
        })
        .await
    }

    /// Changes an object; `merge` changes its own parts of the body and may be called several times. Nothing is written if nothing changes.
    /// Several who wait to change one object may be written together.
    ///
    /// # Errors
    /// [`ArmError::NotFound`] if it does not exist; see [`ArmError`].
    pub async fn update(
        self,
        id: &ResourceId,
        call: &Call,
        mut merge: impl FnMut(&mut Value) + Send,
    ) -> Result<Document, ArmError> {
        let operation = Operation::new("PUT", id);
        let (held, sent) = match self.wait_in_line(id, &operation, call, &mut merge).await? {
            Turn::Ours(held, sent) => (held, sent),
            Turn::Done(document) => return Ok(*document),
        };
        self.write(id, &operation, held, sent, call, |existing, _| {
            let existing = existing.ok_or_else(|| ArmError::NotFound {
                id: Box::new(id.clone()),
            })?;
            let mut merged = existing.body.clone();
            merge(&mut merged);
            Ok(merged)
        })
        .await
    }

    /// Deletes an object; one that does not exist is fine.
    ///
    /// # Errors
    /// See [`ArmError`]; an object in use cannot be deleted.
    pub async fn delete(self, id: &ResourceId, call: &Call) -> Result<(), ArmError> {
        let operation = Operation::new("DELETE", id);
        let mut held = self.lock(id, &[], &operation, call).await?;
        let mut attempts = Attempts::new(self.client.tuning());
        let mut begun = false;
        loop {
            let error = match self.delete_once(id, &operation, &mut held, &mut begun, call).await {
                Ok(()) => return Ok(()),
                Err(Setback::Stop(error)) => return Err(if begun { error.unfinished() } else { error }),
                Err(Setback::Again(error)) => error,
            };
            self.wait_for_next(&mut attempts, &operation, error, call)
                .await
                .map_err(|error| if begun { error.unfinished() } else { error })?;
        }
    }

    /// Writes what is part of an object without being in its body, under the object's locks. It must be all the same to write it twice.
    /// Nothing that Azure answers is told with the `secret` in it.
    pub(super) async fn put_below(
        self,
        id: &ResourceId,
        part: &str,
        body: &Value,
        secret: &Secret,
        call: &Call,
    ) -> Result<(), ArmError> {
        let mut path = id.path();
        path.push(part);
        let operation = Operation::at("PUT", &path);
        let _held = self.lock(id, &[], &operation, call).await?;
        let mut attempts = Attempts::new(self.client.tuning());
        loop {
            self.read_settled(id, &operation, call).await?;
            let outgoing = Outgoing {
                method: Method::Put,
                address: Address::Below(&path, self.kind.api_version),
                operation: &operation,
                body: Some(body),
                condition: Condition::None,
                secret: Some(secret),
            };
            let written = async {
                let response = self.client.send(&outgoing, call).await?;
                let started = Started {
                    operation: &operation,
                    id,
                    api_version: self.kind.api_version,
                    deletes: false,
                };
                operation::finish(self.client, &started, &response, call).await
            };
            let written = written.await;
            self.client.reads().invalidate();
            match written {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let error = error.without(secret);
                    self.wait_for_next(&mut attempts, &operation, error, call).await?;
                }
            }
        }
    }

    async fn delete_once(
        self,
        id: &ResourceId,
        operation: &Operation,
        held: &mut Held,
        begun: &mut bool,
        call: &Call,
    ) -> Result<(), Setback> {
        loop {
            let parent = self.wait_for_parent(id, operation, call).await?;
            let associated = self.associated_with_parent(parent.as_ref());
            if self.client.locks().try_extend(held, &associated) {
                break;
            }
            *held = Held::default();
            *held = self.lock(id, &associated, operation, call).await?;
        }
        let answer = self.client.delete(id, self.kind.api_version, call).await;
        // Also after an error: the object may be gone.
        self.client.reads().invalidate();
        let response = match answer {
            Ok(response) => response,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        *begun = true;
        let started = Started {
            operation,
            id,
            api_version: self.kind.api_version,
            deletes: true,
        };
        operation::finish(self.client, &started, &response, call)
            .await
            .map_err(Setback::Again)
    }

    /// Locks the object, its parents and what it is associated with.
    async fn lock(
        self,
        id: &ResourceId,
        associated: &[ResourceId],
        operation: &Operation,
        call: &Call,
    ) -> Result<Held, ArmError> {
        let family = std::iter::successors(Some(id.clone()), ResourceId::parent);
        let ids: Vec<ResourceId> = family.chain(associated.iter().cloned()).collect();
        self.client
            .locks()
            .acquire(call, &ids)
            .await
            .map_err(|interruption| ArmError::interrupted(interruption, operation, call.timeout(), None))
    }

    fn associated(self, body: &Value) -> Vec<ResourceId> {
        ids_in(body, self.kind.associations)
    }

    fn associated_with_parent(self, parent: Option<&Document>) -> Vec<ResourceId> {
        parent.map_or_else(Vec::new, |parent| ids_in(&parent.body, self.kind.parent_associations))
    }

    async fn wait_for_parent(
        self,
        id: &ResourceId,
        operation: &Operation,
        call: &Call,
    ) -> Result<Option<Document>, ArmError> {
        match id.parent().zip(self.kind.parent) {
            Some((parent, kind)) => {
                Documents::of(self.client, kind)
                    .read_settled(&parent, operation, call)
                    .await
            }
            None => Ok(None),
        }
    }

    /// Reads an object once no operation is under way on it: a write would cancel the other's.
    async fn read_settled(
        self,
        id: &ResourceId,
        operation: &Operation,
        call: &Call,
    ) -> Result<Option<Document>, ArmError> {
        loop {
            let document = self.read(id, call).await?;
            let state = document
                .as_ref()
                .and_then(|document| provisioning_state(&document.body));
            if !state.is_some_and(|state| ["Updating", "Deleting", "Creating"].contains(&state)) {
                return Ok(document);
            }
            let paused = call.pause(self.client.tuning().poll_interval).await;
            paused.map_err(|interruption| {
                let busy = document.map(|document| ArmError::Busy {
                    state: provisioning_state(&document.body).unwrap_or_default().to_owned(),
                    id: Box::new(document.id),
                });
                ArmError::interrupted(interruption, operation, call.timeout(), busy)
            })?;
        }
    }

    async fn wait_for_next(
        self,
        attempts: &mut Attempts<'_>,
        operation: &Operation,
        error: ArmError,
        call: &Call,
    ) -> Result<(), ArmError> {
        let delay = attempts.next(operation, error)?;
        let paused = call.pause(delay).await;
        paused.map_err(|interruption| {
            ArmError::interrupted(interruption, operation, call.timeout(), attempts.take_last())
        })
    }
}

/// The ids that `properties` refer to in these fields, as `{"id": …}` or a list of these.
fn ids_in(body: &Value, fields: &[&str]) -> Vec<ResourceId> {
    let id_in = |reference: &Value| reference.get("id")?.as_str()?.parse().ok();
    let fields = fields.iter().filter_map(|field| body.get("properties")?.get(*field));
    fields
        .flat_map(|field| match field {
            Value::Array(references) => references.iter().filter_map(id_in).collect::<Vec<_>>(),
            reference => id_in(reference).into_iter().collect(),
        })
        .collect()
}

/// Whether the error says that the resource does not exist. A 404 that says something else (an unknown subscription, a proxy's page)
/// must not be taken for that: the object would be dropped from the state, or made twice.
pub(super) fn is_absent(error: &ArmError) -> bool {
    const ABSENT: [&str; 4] = [
        "ResourceNotFound",
        "NotFound",
        "ParentResourceNotFound",
        "ResourceGroupNotFound",
    ];
    let ArmError::Service(error) = error else { return false };
    error.status() == Some(404)
        && ABSENT
            .iter()
            .any(|code| code.eq_ignore_ascii_case(ServiceError::code(error)))
}

#[cfg(test)]
mod tests;
