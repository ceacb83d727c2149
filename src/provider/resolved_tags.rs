//! Service tags as addresses, from Microsoft's file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    network::Prefix,
    proof::addresses::{self, AddressSet},
    regions::Cloud,
    service_tags,
};

/// The addresses of the tags. A tag that the file does not have stays a name; a file that cannot be read or is another cloud's is an
/// error.
pub(super) fn of(path: &str, cloud: Cloud, tags: &BTreeSet<String>) -> Result<BTreeMap<String, AddressSet>, String> {
    let file = service_tags::file(Path::new(path)).map_err(|error| error.to_string())?;
    if file.cloud() != cloud {
        let found = file.cloud();
        return Err(format!(
            "`{path}` is the file of the cloud `{found}`, and this is `{cloud}`: download that cloud's file"
        ));
    }
    let mut resolved = BTreeMap::new();
    for tag in tags {
        let Ok(entry) = file.tag(tag, None) else { continue };
        let prefixes = entry.prefixes().map_err(|error| error.to_string())?;
        let prefixes: Vec<Prefix> = prefixes.into_iter().map(Prefix::from).collect();
        resolved.insert(tag.clone(), addresses::of_prefixes(&prefixes));
    }
    Ok(resolved)
}
