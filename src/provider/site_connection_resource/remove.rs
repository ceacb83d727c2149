//! Taking away what the resource made, and nothing else: the connection first, then the gateway it referred to.

use tfplugin_rs::{diagnostic::Diagnostics, value::Value};

use super::site::{self, Site};
use crate::{
    azure::{ArmError, Call, Document},
    provider::{
        configuration::Session,
        managed::{report, tags::tags_of},
    },
};

/// Destroys.
pub(super) async fn remove(session: &Session, state: &Value, call: &Call, diagnostics: &mut Diagnostics) {
    let Some(site) = Site::of(state) else {
        diagnostics.error(
            "Unreadable state",
            "An id in the state is no ARM id. This is a defect of the provider.",
        );
        return;
    };
    let connections = session.client.connections();
    let gateways = session.client.local_network_gateways();
    let connection = connections.get(&site.connection, call).await;
    let removed = match is_ours(connection, &site, state) {
        Ok(Some(true)) => connections.delete(&site.connection, call).await,
        Ok(Some(false)) => {
            // What it refers to cannot go either.
            left_behind("Connection", &site.connection.to_string(), diagnostics);
            return;
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = removed {
        report("Connection not deleted", &error, diagnostics);
        return;
    }
    let Some(id) = &site.local_gateway else { return };
    let removed = match is_ours(gateways.get(id, call).await, &site, state) {
        Ok(Some(true)) => gateways.delete(id, call).await,
        Ok(Some(false)) => {
            left_behind("Local network gateway", &id.to_string(), diagnostics);
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = removed {
        report("Local network gateway not deleted", &error, diagnostics);
    }
}

/// Whether an object carries the mark; `None` if there is none.
fn is_ours(found: Result<Option<Document>, ArmError>, site: &Site, state: &Value) -> Result<Option<bool>, ArmError> {
    let marked = |found: &Document| site.owns(&tags_of(&found.body), site::name(state));
    Ok(found?.as_ref().map(marked))
}

fn left_behind(what: &str, id: &str, diagnostics: &mut Diagnostics) {
    let detail =
        format!("`{id}` does not carry the tag by which the provider marks what it owns, so it was not deleted.");
    diagnostics.warning(format!("{what} left behind"), detail);
}
