//! What others rely on who are about the same subnet: nothing of it goes, or gives way, while they do.

use super::{
    forms::{self, Entries},
    group, subnet, table,
    targets::Held,
    work::Work,
};
use crate::{
    azure::{ArmError, Document, ResourceId},
    network::Prefix,
};

/// It.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReliedOn {
    /// Somebody has rules about the subnet's addresses in the group of others.
    pub(super) group: bool,
    /// Another resource of ours has routes in the table of others.
    pub(super) table: bool,
}

impl ReliedOn {
    /// Whether somebody may rely on the subnet's service endpoints. Nothing in Azure says who needs one, so whoever has rules or routes there does.
    pub(super) fn endpoints(self) -> bool {
        self.group || self.table
    }
}

/// Looks who is there beside the resource, in a `group` of others and in the table, if that is one of others.
pub(super) async fn look(work: &Work<'_>, subnet: &ResourceId, group: Option<&Document>) -> Result<ReliedOn, ArmError> {
    let mut relied_on = ReliedOn::default();
    if let Some(group) = group {
        // Azure's word, not the configuration's: that need not name all of them.
        let subnet = subnet::get(work, subnet).await?;
        let prefixes = subnet.map(|subnet| subnet::prefixes_of(&subnet.body));
        let prefixes = prefixes.unwrap_or_default();
        let prefixes: Vec<Prefix> = prefixes.iter().filter_map(|prefix| prefix.parse().ok()).collect();
        relied_on.group = group::is_about(&group.body, &prefixes, &ours(work, "security_rules"));
    }
    if let Some(Held { id, own: false }) = &work.targets.table {
        let table = table::get(work, id).await?;
        relied_on.table = table.is_some_and(|table| table::is_of_another(&table.body, &ours(work, "routes")));
    }
    Ok(relied_on)
}

/// What the resource has there, and what it had.
fn ours(work: &Work<'_>, output: &str) -> Entries {
    let mut ours = work.entries_before(output);
    ours.extend(forms::entries_in(work.object.attribute(output)));
    ours
}
