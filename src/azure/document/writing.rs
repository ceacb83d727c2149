//! The way of a write: its turn in line, its attempts, and what is in Azure afterwards.

use std::{pin::pin, time::Duration};

use serde_json::Value;

use super::{Document, Documents, Setback};
use crate::azure::{
    call::Call,
    client::{Condition, was_not_carried_out},
    error::{ArmError, Operation},
    folding::{Company, Offer, Outcome},
    locks::Held,
    meaning::{same, says, strip_read_only},
    operation::{self, Started, provisioning_state},
    resource_id::ResourceId,
    retry::{Attempts, Class, classify},
};

/// A write under way.
struct Writing<'a> {
    operation: &'a Operation,
    held: Held,
    /// Whether a PUT of ours may have been carried out.
    sent: bool,
    /// Whether those in line may take part.
    folds: bool,
}

/// What waiting in line came to.
pub(super) enum Turn {
    /// It is our turn; and whether a common write that failed may hold our change.
    Ours(Held, bool),
    /// Whoever was in front has written for us.
    Done(Box<Document>),
}

impl Documents<'_> {
    /// Waits for the locks. Whoever is in front may write for us meanwhile.
    pub(super) async fn wait_in_line(
        self,
        id: &ResourceId,
        operation: &Operation,
        call: &Call,
        merge: &mut (impl FnMut(&mut Value) + Send),
    ) -> Result<Turn, ArmError> {
        let mut turn = pin!(self.lock(id, &[], operation, call));
        // A change may name another object whose writers must wait, and only its own writer knows to lock that.
        if !self.kind.associations.is_empty() {
            return Ok(Turn::Ours(turn.await?, false));
        }
        let mut written = false;
        let mut place = self.client.folding().join(id);
        loop {
            let offer = tokio::select! {
                biased;
                held = &mut turn => return told(held, written),
                offer = place.offer() => offer,
            };
            let Offer {
                mut body,
                reply,
                outcome,
            } = offer;
            merge(&mut body);
            if reply.send(body).is_err() {
                continue;
            }
            match call.queue(outcome).await {
                Ok(Ok(Outcome::Written(document))) => return Ok(Turn::Done(document)),
                Ok(Ok(Outcome::Again { sent })) => written |= sent,
                Ok(Ok(Outcome::Alone { sent })) => {
                    written |= sent;
                    break;
                }
                // The writer is lost, and nobody knows how far it came.
                Ok(Err(_)) => {
                    written = true;
                    break;
                }
                Err(interruption) => {
                    return Err(ArmError::interrupted(interruption, operation, call.timeout(), None).unfinished());
                }
            }
        }
        drop(place);
        told(turn.await, written)
    }

    /// The heart: `merge` makes the new body of what exists (and learns whether a write of ours may be in it already).
    pub(super) async fn write(
        self,
        id: &ResourceId,
        operation: &Operation,
        held: Held,
        sent: bool,
        call: &Call,
        mut merge: impl FnMut(Option<&Document>, bool) -> Result<Value, ArmError> + Send,
    ) -> Result<Document, ArmError> {
        let mut attempts = Attempts::new(self.client.tuning());
        let mut writing = Writing {
            operation,
            held,
            sent,
            folds: self.kind.associations.is_empty(),
        };
        loop {
            let error = match self.write_once(id, &mut writing, &mut merge, call).await {
                Ok(Some(document)) => return Ok(document),
                Ok(None) => continue,
                // What is there is not ours, so nothing of ours is.
                Err(Setback::Stop(error @ ArmError::AlreadyExists { .. })) => return Err(error),
                Err(Setback::Stop(error)) => {
                    let error = attempts.explained(error);
                    return Err(if writing.sent { error.unfinished() } else { error });
                }
                Err(Setback::Again(error)) => error,
            };
            self.wait_for_next(&mut attempts, operation, error, call)
                .await
                .map_err(|error| if writing.sent { error.unfinished() } else { error })?;
        }
    }

    /// One attempt; `None` if it was refused in company and has to be made alone.
    async fn write_once(
        self,
        id: &ResourceId,
        writing: &mut Writing<'_>,
        merge: &mut (impl FnMut(Option<&Document>, bool) -> Result<Value, ArmError> + Send),
        call: &Call,
    ) -> Result<Option<Document>, Setback> {
        let operation = writing.operation;
        let (existing, mut body) = loop {
            // The parent first: children share its version, so one that is still moving would spoil the etag read next.
            let parent = self.wait_for_parent(id, operation, call).await?;
            let existing = self.read_settled(id, operation, call).await?;
            let body = merge(existing.as_ref(), writing.sent)?;
            let mut associated = self.associated(&body);
            associated.extend(existing.iter().flat_map(|existing| self.associated(&existing.body)));
            associated.extend(self.associated_with_parent(parent.as_ref()));
            if self.client.locks().try_extend(&mut writing.held, &associated) {
                break (existing, body);
            }
            // Somebody writes one of them. Queue for all locks from the start, in their order, and read again.
            writing.held = Held::default();
            writing.held = self.lock(id, &associated, operation, call).await?;
        };
        let company = if writing.folds {
            self.client.folding().gather(id, &mut body).await
        } else {
            Company::default()
        };
        let result = self.put(id, writing, existing.as_ref(), body, call).await;
        let outcome = match &result {
            Ok(document) => Outcome::Written(Box::new(document.clone())),
            Err(Setback::Again(error)) if classify(error) != Class::Final => Outcome::Again { sent: writing.sent },
            Err(_) => Outcome::Alone { sent: writing.sent },
        };
        let alone =
            matches!((&outcome, &result), (Outcome::Alone { .. }, Err(Setback::Again(_)))) && !company.is_empty();
        company.tell(&outcome);
        if alone {
            writing.folds = false;
            return Ok(None);
        }
        result.map(Some)
    }

    /// Writes `body` unless it says what `existing` says, and reads it back.
    async fn put(
        self,
        id: &ResourceId,
        writing: &mut Writing<'_>,
        existing: Option<&Document>,
        body: Value,
        call: &Call,
    ) -> Result<Document, Setback> {
        let operation = writing.operation;
        let mut wanted = body;
        strip_read_only(&mut wanted, self.kind.computed);
        if let Some(existing) = existing {
            let mut current = existing.body.clone();
            strip_read_only(&mut current, self.kind.computed);
            if same(&current, &wanted) && !asks_for_a_write(&existing.body) {
                return Ok(existing.clone());
            }
        }
        let condition = match existing {
            Some(existing) => existing.etag.as_deref().map_or(Condition::None, Condition::Version),
            None => Condition::Absent,
        };
        let query = format!("{}{}", self.kind.api_version, self.kind.put_query);
        let response = match self.client.put(id, &query, &wanted, condition, call).await {
            Ok(response) => response,
            Err(error) => {
                writing.sent |= !was_not_carried_out(&error);
                self.client.reads().invalidate();
                return Err(Setback::Again(error));
            }
        };
        writing.sent = true;
        let started = Started {
            operation,
            id,
            api_version: self.kind.api_version,
            deletes: false,
        };
        operation::finish(self.client, &started, &response, call)
            .await
            .map_err(Setback::Again)?;
        Ok(self.read_back(id, operation, call).await?)
    }

    /// Reads what was just written; ARM's reading side lags and may not know it yet.
    async fn read_back(self, id: &ResourceId, operation: &Operation, call: &Call) -> Result<Document, ArmError> {
        let tuning = self.client.tuning();
        for look in 1..=tuning.lost_looks {
            if let Some(document) = self.read_settled(id, operation, call).await? {
                return Ok(document);
            }
            self.pause(tuning.delay(look, None), operation, call).await?;
        }
        Err(ArmError::NotFound {
            id: Box::new(id.clone()),
        })
    }

    async fn pause(self, duration: Duration, operation: &Operation, call: &Call) -> Result<(), ArmError> {
        let paused = call.pause(duration).await;
        paused.map_err(|interruption| ArmError::interrupted(interruption, operation, call.timeout(), None))
    }
}

/// Our turn, and what we know of a common write before it.
fn told(held: Result<Held, ArmError>, written: bool) -> Result<Turn, ArmError> {
    match held {
        Ok(held) => Ok(Turn::Ours(held, written)),
        Err(error) if written => Err(error.unfinished()),
        Err(error) => Err(error),
    }
}

/// Whether an object that appeared after a write of ours without an answer is what that write made: it bears our mark, or says all that we
/// said. What somebody else made meanwhile does neither.
pub(super) fn is_what_we_sent(existing: &Value, sent: &Value) -> bool {
    match (existing.get("tags"), sent.get("tags")) {
        (Some(there), Some(ours)) if ours.as_object().is_some_and(|tags| !tags.is_empty()) => says(there, ours),
        _ => says(existing, sent),
    }
}

/// Whether only another write repairs an object that says what it should: after an operation that failed, or when an address space at one
/// end of a peering has changed.
fn asks_for_a_write(body: &Value) -> bool {
    let property = |field: &str| {
        body.get("properties")
            .and_then(|properties| properties.get(field)?.as_str())
    };
    let out_of_step = property("peeringState") == Some("Connected")
        && property("peeringSyncLevel").is_some_and(|level| level != "FullyInSync");
    provisioning_state(body) == Some("Failed") || out_of_step
}
