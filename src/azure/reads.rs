//! One GET for everybody who asks for the same object at the same moment: a refresh of a hundred rules of one group asks for the group a
//! hundred times.
//!
//! An answer is shared while it is under way and not kept: nobody gets one that was complete before the question. A write ends the
//! sharing of what was asked before it ended.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

use super::{document::Document, error::ArmError, resource_id::ResourceId};

/// What a read found; `None` if it failed, so that whoever waited has to ask for itself.
type Flight = OnceCell<Option<Option<Document>>>;

/// The reads of one client that are under way.
#[derive(Debug, Default)]
pub(super) struct Reads {
    under_way: Mutex<HashMap<String, Arc<Flight>>>,
}

impl Reads {
    /// What `read` finds, or what another's read that is under way already finds.
    pub(super) async fn share(
        &self,
        id: &ResourceId,
        read: impl Future<Output = Result<Option<Document>, ArmError>>,
    ) -> Result<Option<Document>, ArmError> {
        let key = id.key();
        let flight = Arc::clone(self.under_way().entry(key.clone()).or_default());
        let mut read = pin!(read);
        let mut own = None;
        let found = flight
            .get_or_init(|| async {
                let result = read.as_mut().await;
                self.end(&key, &flight);
                let found = result.as_ref().ok().cloned();
                own = Some(result);
                found
            })
            .await;
        match (own, found) {
            (Some(own), _) => own,
            (None, Some(found)) => Ok(found.clone()),
            // Errors are told to whom they happened: another's may be its own time-out.
            (None, None) => read.await,
        }
    }

    /// From now on everybody asks anew: something was written. What depends on what is Azure's knowledge, so this is about all objects.
    pub(super) fn invalidate(&self) {
        self.under_way().clear();
    }

    fn end(&self, key: &str, flight: &Arc<Flight>) {
        let mut under_way = self.under_way();
        if under_way.get(key).is_some_and(|current| Arc::ptr_eq(current, flight)) {
            under_way.remove(key);
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, Arc<Flight>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;
    use tokio::task::yield_now;

    use super::*;
    use crate::azure::scripted::id;

    const NSG: &str = "networkSecurityGroups/nsg";

    /// A read that takes a while, counted.
    async fn read(count: &Cell<u32>, fails: bool) -> Result<Option<Document>, ArmError> {
        count.set(count.get() + 1);
        yield_now().await;
        if fails {
            return Err(ArmError::NotFound { id: Box::new(id(NSG)) });
        }
        Ok(Some(Document {
            id: id(NSG),
            body: json!({ "read": count.get() }),
            etag: None,
        }))
    }

    #[tokio::test]
    async fn who_asks_together_is_answered_by_one_read_and_who_asks_later_by_another() {
        let (reads, count, nsg) = (Reads::default(), Cell::new(0), id(NSG));
        let shouted = id(&NSG.to_uppercase());
        let (one, other) = tokio::join!(
            reads.share(&nsg, read(&count, false)),
            reads.share(&shouted, read(&count, false))
        );
        assert_eq!(one.unwrap(), other.unwrap());
        assert_eq!(count.get(), 1);
        reads.share(&nsg, read(&count, false)).await.unwrap();
        assert_eq!(count.get(), 2, "no answer is kept");
    }

    #[tokio::test]
    async fn nobody_gets_what_was_asked_before_a_write_ended() {
        let (reads, count, nsg) = (Reads::default(), Cell::new(0), id(NSG));
        let after_a_write = async {
            reads.invalidate();
            reads.share(&nsg, read(&count, false)).await
        };
        let (before, after) = tokio::join!(reads.share(&nsg, read(&count, false)), after_a_write);
        assert_eq!(count.get(), 2);
        assert!(before.is_ok() && after.is_ok());
        assert!(reads.under_way().is_empty());
    }

    #[tokio::test]
    async fn a_failure_is_not_shared() {
        let (reads, count, nsg) = (Reads::default(), Cell::new(0), id(NSG));
        let (one, other) = tokio::join!(
            reads.share(&nsg, read(&count, true)),
            reads.share(&nsg, read(&count, false))
        );
        assert!(one.is_err() && other.is_ok());
        assert_eq!(count.get(), 2);
    }
}
