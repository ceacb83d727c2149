//! What holds entries of ours: a security group holds rules, a route table holds routes. The resource's own is written whole; in one of others
//! are its entries among theirs.

use serde_json::{Value as Json, json};

use super::{
    conflicts::{Conflict, Setback},
    forms::{self, Entries, Form},
    targets::Held,
    work::Work,
};
use crate::azure::{ArmError, Document, Documents, ResourceId};

/// Writes it as `merge` says, which tells what is in the way. `exists` is what was seen before; `None` if nobody looked.
pub(super) async fn write(
    documents: Documents<'_>,
    work: &Work<'_>,
    held: &Held,
    exists: Option<bool>,
    merge: impl Fn(&mut Json) -> Option<Conflict> + Send + Sync,
) -> Result<(), Setback> {
    let mut body = json!({ "location": work.location() });
    merge(&mut body);
    if held.own && exists == Some(false) {
        documents.create(&held.id, body, work.call).await?;
        return Ok(());
    }
    let mut conflict = None;
    let written = documents
        .update(&held.id, work.call, |document| conflict = merge(document))
        .await;
    match written {
        // Somebody removed it since the last refresh.
        Err(error) if error.is_not_found() && held.own => {
            documents.create(&held.id, body, work.call).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => conflict.map_or(Ok(()), |conflict| Err(Setback::Conflict(conflict))),
    }
}

/// Takes `entries` out of one of others. Gives what is left of it; `None` if it is gone.
pub(super) async fn withdraw(
    documents: Documents<'_>,
    work: &Work<'_>,
    id: &ResourceId,
    form: &Form,
    entries: &Entries,
) -> Result<Option<Document>, ArmError> {
    let withdrawn = documents
        .update(id, work.call, |document| {
            form.merge(document, &Entries::new(), |name| !forms::has(entries, name));
        })
        .await;
    match withdrawn {
        Err(error) if error.is_not_found() => Ok(None),
        withdrawn => withdrawn.map(Some),
    }
}
