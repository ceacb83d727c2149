//! Microsoft's publications, measured by other means.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use ipnet::IpNet;
use lockeddown::{
    regions::{self, Cloud},
    service_tags::{self, ServiceTagFile, Tag, aggregate, changes, in_order, known},
};

/// A publication of Microsoft's, where the workspace has them beside the repository.
fn published(name: &str) -> Option<Arc<ServiceTagFile>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: there is no {name} beside the repository");
        return None;
    }
    Some(service_tags::file(&path).unwrap_or_else(|error| panic!("{error}")))
}

const PUBLIC_374: &str = "ServiceTags_Public_cn374.json";
const PUBLIC_376: &str = "ServiceTags_Public_cn376.json";
const US_GOVERNMENT: &str = "ServiceTags_AzureGovernment_cn401.json";
const CHINA: &str = "ServiceTags_China_cn401.json";

fn prefixes(file: &ServiceTagFile) -> BTreeMap<&str, Vec<IpNet>> {
    file.tags().map(|tag| (tag.name(), tag.prefixes().unwrap())).collect()
}

#[test]
fn publications_hold_what_was_counted_in_them() {
    for (name, cloud, change_number, tags, count) in [
        (PUBLIC_376, Cloud::Public, 376, 3_041, 95_823),
        (US_GOVERNMENT, Cloud::UsGovernment, 401, 299, 6_589),
        (CHINA, Cloud::China, 401, 327, 4_328),
    ] {
        let Some(file) = published(name) else { return };
        let prefixes = prefixes(&file);
        assert_eq!(
            (file.cloud(), file.change_number(), prefixes.len()),
            (cloud, change_number, tags)
        );
        assert_eq!(prefixes.values().map(Vec::len).sum::<usize>(), count);
        assert!(
            prefixes.values().all(|listed| in_order(listed).len() == listed.len()),
            "a tag repeats a prefix"
        );
    }
}

#[test]
fn fourteen_tags_of_change_376_have_ipv4_prefixes_that_collapse() {
    let Some(file) = published(PUBLIC_376) else { return };
    let v4 = |listed: &[IpNet]| {
        listed
            .iter()
            .filter(|net| net.addr().is_ipv4())
            .copied()
            .collect::<Vec<_>>()
    };
    let collapsible = prefixes(&file)
        .into_values()
        .map(|listed| v4(&listed))
        .filter(|listed| aggregate(listed).len() < listed.len());
    assert_eq!(collapsible.count(), 14);
    assert_eq!(
        file.tags().filter(|tag| tag.network_features().is_empty()).count(),
        1_534
    );
}

#[test]
fn storage_of_the_whole_cloud_is_no_union_of_its_regions_but_covers_them() {
    let Some(file) = published(PUBLIC_376) else { return };
    let global: BTreeSet<IpNet> = file
        .tag("Storage", None)
        .unwrap()
        .prefixes()
        .unwrap()
        .into_iter()
        .collect();
    let regional = file.tags().filter(|tag| tag.name().starts_with("Storage."));
    let regional: BTreeSet<IpNet> = regional.flat_map(|tag| tag.prefixes().unwrap()).collect();
    assert_eq!(
        (global.len(), regional.len(), regional.difference(&global).count()),
        (574, 1_784, 1_260)
    );
    let all: Vec<IpNet> = global.union(&regional).copied().collect();
    assert_eq!(aggregate(&all), aggregate(&global.into_iter().collect::<Vec<_>>()));
}

#[test]
fn storage_and_entra_share_no_address() {
    let Some(file) = published(PUBLIC_376) else { return };
    for (one, other) in [
        ("Storage", "AzureActiveDirectory"),
        ("MicrosoftContainerRegistry", "AzureContainerRegistry"),
        ("AzureMachineLearning", "BatchNodeManagement"),
    ] {
        let [one, other] = [one, other].map(|name| file.tag(name, None).unwrap().prefixes().unwrap());
        let shared = one
            .iter()
            .filter(|net| net.addr().is_ipv4() && other.iter().any(|o| o.contains(*net) || net.contains(o)));
        assert_eq!(shared.count(), 0);
    }
}

#[test]
fn from_change_374_to_376() {
    let (Some(before), Some(after)) = (published(PUBLIC_374), published(PUBLIC_376)) else {
        return;
    };
    let (before, after) = (prefixes(&before), prefixes(&after));
    assert_eq!(after.keys().filter(|name| !before.contains_key(*name)).count(), 2);
    let found: BTreeMap<&str, _> = after
        .iter()
        .filter_map(|(name, now)| Some((*name, changes(before.get(name)?, now))))
        .filter(|(_, found)| !(found.added.is_empty() && found.removed.is_empty()))
        .collect();
    assert_eq!(found.len(), 64);
    assert_eq!(found.values().map(|found| found.removed.len()).sum::<usize>(), 172);
    assert_eq!(
        (
            found["Storage.AustraliaEast"].added.len(),
            found["Storage.NorthEurope"].added.len()
        ),
        (1, 2)
    );
    assert_eq!(found.values().map(|found| found.added.len()).sum::<usize>(), 2_616);
    for unchanged in [
        "AzureMachineLearning",
        "BatchNodeManagement",
        "AzureContainerRegistry",
        "AzureActiveDirectory",
    ] {
        assert!(!found.contains_key(unchanged), "{unchanged}");
    }
}

#[test]
fn the_compiled_in_table_agrees_with_the_publications() {
    for (name, cloud) in [
        (PUBLIC_376, Cloud::Public),
        (US_GOVERNMENT, Cloud::UsGovernment),
        (CHINA, Cloud::China),
    ] {
        let Some(file) = published(name) else { return };
        let is_region = |tag: &Tag<'_>| {
            let (base, suffix) = tag.name().rsplit_once('.').unwrap();
            regions::regions(cloud).any(|region| known::suffix(base, region) == Some(suffix))
        };
        for tag in file.tags().filter(|tag| !tag.is_regional() || is_region(tag)) {
            let features = tag.network_features();
            let usable = if tag.is_regional() {
                features.iter().any(|word| word == "NSG")
            } else {
                !features.is_empty()
            };
            assert_eq!(known::exists(tag.name(), cloud), usable, "{} in {cloud}", tag.name());
            assert!(
                tag.is_regional() || known::clouds(tag.name()).contains(&cloud),
                "{}",
                tag.name()
            );
        }
    }
}

#[test]
fn every_regional_tag_of_a_known_region_is_found_by_its_location() {
    let Some(file) = published(PUBLIC_376) else { return };
    for location in regions::regions(Cloud::Public) {
        for tag in file.tags().filter(|tag| tag.region() == Some(location.name)) {
            let (base, suffix) = tag.name().rsplit_once('.').unwrap();
            if suffix.ends_with("Stage") {
                continue; // A part of the region that ARM does not list.
            }
            assert_eq!(file.tag(base, Some(location)).map(Tag::name), Ok(tag.name()));
        }
    }
}
