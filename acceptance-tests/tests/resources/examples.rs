//! Every example of a resource, applied: it settles, writes each object once, is imported by each of the files beside it, and leaves
//! nothing.

use std::{collections::BTreeMap, fs, path::Path};

use acceptance_tests::fixtures;

use crate::place::Place;

const NOWHERE: &str = "00000000-0000-0000-0000-000000000000";

/// A resource and the files beside its example.
struct Example {
    name: String,
    configuration: String,
    /// What `import.sh` gives to `terraform import`.
    id: String,
    /// An import block with that id, and one with the identity.
    blocks: [String; 2],
}

fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/resources");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = |file: &str| fs::read_to_string(path.join(file)).unwrap();
        let (configuration, import) = (read("resource.tf"), read("import.sh"));
        let id = import
            .trim()
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .trim_matches('\'')
            .to_owned();
        // The others of the folder have tests of their own.
        if configuration.contains("rg-hpc") {
            let blocks = ["import-by-string-id.tf", "import-by-identity.tf"].map(read);
            found.push(Example {
                name,
                configuration,
                id,
                blocks,
            });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(found.len() >= 6, "the examples are gone");
    found
}

/// Whether the Terraform under test has resource identities, which came with 1.12. OpenTofu has its own numbers.
fn identities(place: &Place) -> bool {
    let terraform = place.workspace.terraform();
    terraform.path().is_none() && terraform.release_line() >= (1, 12)
}

#[test]
fn every_example_settles_writes_each_object_once_is_imported_and_leaves_nothing() {
    for example in examples() {
        let mut place = Place::new();
        if example.configuration.contains("ephemeral") {
            place = Place::with_write_only();
            place.workspace = place.workspace.env("TF_VAR_shared_key", "an example's key");
        }
        fixtures::furnish(&place.emulator);
        let before = place.emulator.ids();
        let here = |text: &str| text.replace(NOWHERE, place.emulator.subscription_id());
        let (name, configuration) = (&example.name, here(&example.configuration));
        let plan = place.workspace.step(&configuration);
        let address = plan.actions().keys().next().unwrap().to_string();
        assert!(address.starts_with(name), "{address}");

        let mut writes: BTreeMap<String, usize> = BTreeMap::new();
        for line in place.emulator.requests().writes().lines() {
            *writes.entry(line).or_default() += 1;
        }
        assert!(
            !writes.is_empty() && writes.values().all(|times| *times == 1),
            "{name}: {writes:?}"
        );

        place.emulator.clear_requests();
        let forget = || place.workspace.run(&["state", "rm", &address]).expect_success();
        forget();
        place.workspace.import(&address, &here(&example.id));
        place.workspace.step(&configuration);
        let identities = identities(&place);
        for block in example
            .blocks
            .iter()
            .filter(|block| identities || !block.contains("identity"))
        {
            forget();
            place.workspace.write(&format!("{configuration}\n{}", here(block)));
            let plan = place.workspace.apply();
            assert!(
                plan.json().to_string().contains("\"importing\""),
                "{name}: {block} imports nothing"
            );
            place.workspace.plan().assert_empty();
        }
        let writes = place.emulator.requests().writes().lines();
        assert_eq!(writes, Vec::<String>::new(), "{name}: an import changes nothing");

        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{name}");
    }
}
