//! The parts of a site's connection, one after the other, and what a state says of each.

use tfplugin_rs::value::Value;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The local network gateway.
    LocalGateway,
    /// The connection.
    Connection,
    /// The shared key of the connection.
    Key,
}

impl Part {
    /// In the order in which they are written. BGP is switched off at the connection before the site loses its settings, and on after it got
    /// them.
    pub(super) fn in_order(prior: Option<&Value>, planned: &Value) -> [Part; 3] {
        let bgp = |object: &Value| object.attribute("connection").attribute("bgp_enabled").as_bool() == Some(true);
        if prior.is_some_and(bgp) && !bgp(planned) {
            [Part::Connection, Part::LocalGateway, Part::Key]
        } else {
            [Part::LocalGateway, Part::Connection, Part::Key]
        }
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Part::LocalGateway => "Local network gateway",
            Part::Connection => "Connection",
            Part::Key => "Shared key",
        }
    }

    /// The attributes that say what was written.
    fn attributes(self) -> &'static [&'static str] {
        match self {
            Part::LocalGateway => &["local_network_gateway", "local_network_gateway_id"],
            Part::Connection => &["connection", "connection_id"],
            Part::Key => &["shared_key_wo_version"],
        }
    }

    /// Puts into `state` what `planned` says of this part.
    pub(super) fn reach(self, state: &mut Value, planned: &Value) {
        for name in self.attributes() {
            state.set_attribute(*name, planned.attribute(name).clone());
        }
    }

    /// Puts into `state` that this part does not exist.
    pub(super) fn forget(self, state: &mut Value) {
        for name in self.attributes() {
            state.set_attribute(*name, Value::Null);
        }
    }

    /// Whether a state says that this part does not exist.
    pub(super) fn is_missing(self, state: &Value) -> bool {
        self.attributes().iter().all(|name| state.attribute(name).is_null())
    }
}
