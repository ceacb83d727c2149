//! The bill of materials: what the program is made of, in CycloneDX's JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acceptance_tests::terraform::binaries::{cargo, repository};
use serde_json::{Value, json};

use super::{NAME, Platform, VERSION};
use crate::failure::{Failure, Result};

/// Writes the bill from cargo's own answer about the packages that the platforms' programs have, and the compiler's about itself.
pub(super) fn write(platforms: &[Platform], release: &Path) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    for platform in platforms {
        command.args(["--filter-platform", platform.target]);
    }
    let output = command
        .output()
        .map_err(Failure::while_doing("`cargo metadata` did not start"))?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(Failure::while_doing("`cargo metadata` cannot be read"))?;
    let bill =
        bill(&metadata, &compiler()?).ok_or_else(|| Failure::new("`cargo metadata` lacks the provider's package"))?;
    let path = release.join(format!("{NAME}_{VERSION}_sbom.cdx.json"));
    let written = std::fs::write(&path, format!("{bill:#}\n"));
    written.map_err(Failure::while_doing(format!("`{}` cannot be written", path.display())))?;
    Ok(path)
}

/// What `rustc -V` says.
fn compiler() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-V")
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::while_doing("`rustc` did not start"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The packages that end up in the program: what the provider's package reaches by normal dependencies. Tests and build scripts stay out.
fn bill(metadata: &Value, compiler: &str) -> Option<Value> {
    let packages: BTreeMap<&str, &Value> = by_id(metadata.get("packages")?)?;
    let nodes: BTreeMap<&str, &Value> = by_id(metadata.pointer("/resolve/nodes")?)?;
    let (root, _) = packages
        .iter()
        .find(|(_, package)| package.get("name").and_then(Value::as_str) == Some("lockeddown"))?;

    let (mut reached, mut open) = (BTreeSet::from([*root]), vec![*root]);
    while let Some(id) = open.pop() {
        for dependency in nodes.get(id)?.get("deps")?.as_array()? {
            let other = dependency.get("pkg")?.as_str()?;
            if is_linked(dependency) && reached.insert(other) {
                open.push(other);
            }
        }
    }
    reached.remove(root);
    let mut components: Vec<Value> = reached.iter().filter_map(|id| component(packages.get(id)?)).collect();
    components.sort_by_key(|component| component.get("purl").map(Value::to_string));
    Some(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "name": NAME, "version": VERSION, "licenses": [{ "expression": "MPL-2.0" }],
            },
            "tools": { "components": [{
                "type": "application", "name": "rustc", "version": compiler.strip_prefix("rustc ").unwrap_or(compiler),
            }] },
        },
        "components": components,
    }))
}

fn by_id(list: &Value) -> Option<BTreeMap<&str, &Value>> {
    list.as_array()?
        .iter()
        .map(|entry| Some((entry.get("id")?.as_str()?, entry)))
        .collect()
}

fn is_linked(dependency: &Value) -> bool {
    let kinds = dependency.get("dep_kinds").and_then(Value::as_array);
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind.get("kind").is_some_and(Value::is_null)))
}

fn component(package: &Value) -> Option<Value> {
    let (name, version) = (package.get("name")?.as_str()?, package.get("version")?.as_str()?);
    let mut component = json!({
        "type": "library",
        "name": name,
        "version": version,
        "purl": format!("pkg:cargo/{name}@{version}"),
    });
    if let (Some(licence), Some(fields)) = (
        package.get("license").and_then(Value::as_str),
        component.as_object_mut(),
    ) {
        fields.insert(
            "licenses".to_owned(),
            json!([{ "expression": licence.replace('/', " OR ") }]),
        );
    }
    Some(component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_listed_and_what_only_builds_or_tests_is_not() {
        let package = |name: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0" });
        let edge = |to: &str, kind: Value| json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("lockeddown"), package("linked"), package("below"), package("tests"), package("builds")],
            "resolve": { "nodes": [
                { "id": "lockeddown", "deps": [edge("linked", Value::Null), edge("tests", "dev".into()), edge("builds", "build".into())] },
                { "id": "linked", "deps": [edge("below", Value::Null)] },
                { "id": "below", "deps": [] },
                { "id": "tests", "deps": [] },
                { "id": "builds", "deps": [] },
            ] },
        });
        let bill = bill(&metadata, "rustc 1.88.0 (6b00bc388 2025-06-23)").unwrap();
        let names: Vec<_> = bill["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["name"].clone())
            .collect();
        assert_eq!(names, ["below", "linked"]);
        assert_eq!(
            bill["metadata"]["tools"]["components"][0]["version"],
            "1.88.0 (6b00bc388 2025-06-23)"
        );
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
