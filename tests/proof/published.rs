//! Every expansion, with the addresses that Microsoft publishes for the service tags of its cloud.

use std::{collections::BTreeMap, path::Path};

use lockeddown::{
    network::NetworkPolicy,
    proof::{
        addresses::{self, AddressSet},
        atoms::{Atom, World},
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
    service_tags,
};

use crate::expansions::every_expansion;

pub(crate) const PUBLIC: &str = "../shared/data/ServiceTags_Public_cn376.json";

const FILES: [(&str, &str); 3] = [
    ("public", PUBLIC),
    ("usgovernment", "../shared/data/ServiceTags_AzureGovernment_cn401.json"),
    ("china", "../shared/data/ServiceTags_China_cn401.json"),
];

/// The path of a file, whose place is given as seen from the repository; `None`, and a word about it, if it is not there.
#[expect(
    clippy::print_stdout,
    reason = "whoever reads the output should know what was not tested"
)]
pub(crate) fn path_of(file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if path.exists() {
        return Some(path.to_str().unwrap().to_owned());
    }
    println!(
        "skipped: there is no {} beside the repository",
        path.file_name().unwrap().display()
    );
    None
}

/// What a service tag file says of a policy's tags.
pub(crate) fn resolved(policy: &NetworkPolicy, file: &str) -> BTreeMap<String, AddressSet> {
    let file = service_tags::file(Path::new(file)).unwrap();
    let tags = Given::of_policy(policy).tags();
    let listed = tags.into_iter().filter_map(|tag| {
        let prefixes = file.tag(&tag, None).ok()?.prefixes().ok()?;
        let prefixes: Vec<_> = prefixes.into_iter().map(Into::into).collect();
        Some((tag, addresses::of_prefixes(&prefixes)))
    });
    listed.collect()
}

/// The proof says so of names, and the publications must.
#[test]
fn every_service_has_addresses_in_the_cloud() {
    for (_, name) in FILES {
        let Some(path) = path_of(name) else { return };
        let file = service_tags::file(Path::new(&path)).unwrap();
        let set = |tag: &str| {
            let prefixes = file.tag(tag, None).unwrap().prefixes().unwrap();
            let prefixes: Vec<_> = prefixes.into_iter().map(Into::into).collect();
            addresses::of_prefixes(&prefixes)
        };
        let cloud = set("AzureCloud");
        let mut world = World::default();
        let azure_cloud = world.atom(Atom::Tag("AzureCloud".to_owned()));
        let (mut declared, mut apart) = (0, Vec::new());
        for tag in file.tags() {
            let atom = world.atom(Atom::Tag(tag.name().to_owned()));
            if world.surely_meet(azure_cloud, atom) {
                declared += 1;
                if !set(tag.name()).meets(&cloud) {
                    apart.push(tag.name().to_owned());
                }
            }
        }
        assert!(declared > 60, "{name}: {declared}");
        assert_eq!(apart, Vec::<String>::new(), "{name}");
    }
}

/// What is proven of names holds of the addresses behind them.
#[test]
fn what_is_proven_by_name_is_proven_by_address() {
    // The short run looks at the newest edition.
    let everything = std::env::var_os("LOCKEDDOWN_FULL").is_some();
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (cloud, name) in FILES {
        let Some(path) = path_of(name) else { return };
        every_expansion(|label, policy| {
            let newest = label.contains("/ 2026-08 /");
            if !label.ends_with(&format!("/ {cloud}")) || !(everything || newest) {
                return;
            }
            let mut given = Given::of_policy(policy);
            let by_name = Model::new(&given);
            given.resolved_tags = resolved(policy, &path);
            let by_address = Model::new(&given);
            for (name, address) in allows(&by_name).iter().zip(allows(&by_address)) {
                judged += 1;
                let key = &address.required.key;
                match (&name.verdict, &address.verdict) {
                    (Verdict::Refuted(_), _) => {}
                    (Verdict::DependsOn { .. }, Verdict::Refuted(_)) => {
                        wrong.push(format!("{label}: {key} is refuted"))
                    }
                    (Verdict::DependsOn { .. }, _) | (Verdict::Proven, Verdict::Proven) => {}
                    (Verdict::Proven, verdict) => wrong.push(format!("{label}: {key} {verdict:?}")),
                }
            }
        });
    }
    println!("{judged} verdicts");
    assert!(judged > 2_000, "{judged}");
    assert!(wrong.is_empty(), "{} of {judged}\n{}", wrong.len(), wrong.join("\n"));
}
