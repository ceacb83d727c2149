//! Writers in line for one object let the one in front write for them: its PUT carries their changes too.
//!
//! Nobody waits for company. Whoever holds the locks asks those who happen to be in line; each changes the body in its own task, as it
//! would have done after its turn, and learns what came of it. If Azure refuses the common body, it is written again without them, and
//! each of them writes for itself: a bad change spoils nobody else's.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::{document::Document, resource_id::ResourceId};

/// The lines of one client.
#[derive(Debug, Default)]
pub(super) struct Folding {
    lines: Mutex<HashMap<String, Vec<Waiting>>>,
    tickets: AtomicU64,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    offers: mpsc::UnboundedSender<Offer>,
}

/// A body to change for somebody in line.
#[derive(Debug)]
pub(super) struct Offer {
    /// As it will be written, the changes of those in front included.
    pub(super) body: Value,
    /// Takes the changed body.
    pub(super) reply: oneshot::Sender<Value>,
    /// What came of the write. If the writer is lost, nobody knows.
    pub(super) outcome: oneshot::Receiver<Outcome>,
}

/// What came of a write, for those who took part.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Written; the object as it was read afterwards.
    Written(Box<Document>),
    /// Somebody else changed the object meanwhile: there will be another offer.
    Again {
        /// Whether Azure may hold something of what was written.
        sent: bool,
    },
    /// Refused, or not known: write for yourself.
    Alone {
        /// Whether Azure may hold something of what was written.
        sent: bool,
    },
}

/// A place in line; dropping it leaves the line.
#[derive(Debug)]
pub(super) struct Place<'a> {
    folding: &'a Folding,
    key: String,
    ticket: u64,
    offers: mpsc::UnboundedReceiver<Offer>,
}

/// Those whose changes are in a body.
#[derive(Debug, Default)]
pub(super) struct Company(Vec<oneshot::Sender<Outcome>>);

impl Folding {
    /// Joins the line for an object.
    pub(super) fn join(&self, id: &ResourceId) -> Place<'_> {
        let (sender, offers) = mpsc::unbounded_channel();
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting { ticket, offers: sender };
        self.lines().entry(id.key()).or_default().push(waiting);
        Place {
            folding: self,
            key: id.key(),
            ticket,
            offers,
        }
    }

    /// Lets everybody who is in line for the object this moment change `body`, one after the other in their order.
    pub(super) async fn gather(&self, id: &ResourceId, body: &mut Value) -> Company {
        let line: Vec<_> = {
            let lines = self.lines();
            let line = lines.get(&id.key()).map(Vec::as_slice).unwrap_or_default();
            line.iter().map(|waiting| waiting.offers.clone()).collect()
        };
        let mut company = Company::default();
        for offers in line {
            let (reply, changed) = oneshot::channel();
            let (outcome, result) = oneshot::channel();
            let offer = Offer {
                body: body.clone(),
                reply,
                outcome: result,
            };
            // Whoever has left the line answers nothing.
            if offers.send(offer).is_ok()
                && let Ok(changed) = changed.await
            {
                *body = changed;
                company.0.push(outcome);
            }
        }
        company
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<String, Vec<Waiting>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Waits for an offer; never comes back if there is none.
    pub(super) async fn offer(&mut self) -> Offer {
        match self.offers.recv().await {
            Some(offer) => offer,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lines = self.folding.lines();
        if let Some(line) = lines.get_mut(&self.key) {
            line.retain(|waiting| waiting.ticket != self.ticket);
            if line.is_empty() {
                lines.remove(&self.key);
            }
        }
    }
}

impl Company {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells everybody what came of it.
    pub(super) fn tell(self, outcome: &Outcome) {
        for member in self.0 {
            // Whoever was stopped meanwhile does not want to know.
            _ = member.send(outcome.clone());
        }
    }
}
