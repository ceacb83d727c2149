//! Service tag files: lookups and their refusals on a small file, the laws of prefix lists, and Microsoft's publications where they
//! are at hand.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ipnet::IpNet;
use lockeddown::{
    regions::{self, Cloud, Region},
    service_tags::{self, FileError, ServiceTagFile, Tag, aggregate, changes, in_order, known},
};
use proptest::prelude::*;

/// A publication in miniature: tags of the whole cloud and regional ones, one with an alias, one without network features.
const SMALL: &str = r#"{
    "changeNumber": 7,
    "cloud": "Public",
    "values": [
        {"name": "Storage", "id": "Storage", "properties": {"region": "", "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"],
            "addressPrefixes": ["20.38.0.0/25", "20.38.0.128/25", "2603:1000::/48"]}},
        {"name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {"region": "westeurope",
            "networkFeatures": ["API", "NSG", "UDR", "FW"], "addressPrefixes": ["20.38.0.128/25"]}},
        {"name": "AzureCloud", "id": "AzureCloud", "properties": {"region": "", "networkFeatures": ["API", "NSG"],
            "addressPrefixes": ["51.120.0.0/16"]}},
        {"name": "AzureCloud.norwaye", "id": "AzureCloud.norwaye", "properties": {"region": "norwaye",
            "networkFeatures": ["API", "NSG"], "addressPrefixes": ["51.120.0.0/17"]}},
        {"name": "AzureActiveDirectory", "id": "AzureActiveDirectory", "properties": {"region": "",
            "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"], "addressPrefixes": ["13.64.151.161\/32"]}},
        {"name": "AzureKeyVault", "id": "AzureKeyVault", "properties": {"region": "", "networkFeatures": null,
            "addressPrefixes": ["13.66.0.1/33"]}}
    ]
}"#;

fn small() -> ServiceTagFile {
    ServiceTagFile::parse(SMALL.as_bytes()).unwrap()
}

fn region(name: &str) -> &'static Region {
    regions::find(name, Cloud::Public).unwrap()
}

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_tag_is_found_in_any_case_and_named_as_published() {
    let file = small();
    assert_eq!((file.change_number(), file.cloud()), (7, Cloud::Public));
    let tag = file.tag("STORAGE.westeurope", None).unwrap();
    assert_eq!((tag.name(), tag.region()), ("Storage.WestEurope", Some("westeurope")));
    assert_eq!(tag.prefixes().unwrap(), nets(&["20.38.0.128/25"]));
    assert_eq!(file.tag("storage", None).unwrap().region(), None);
}

#[test]
fn the_regional_form_follows_the_location() {
    let file = small();
    let named = |tag: &str, location: &str| file.tag(tag, Some(region(location))).map(Tag::name);
    assert_eq!(named("Storage", "West Europe"), Ok("Storage.WestEurope"));
    // `AzureCloud` has an old alias for Norway East; what is regional already stays.
    assert_eq!(named("AzureCloud", "norwayeast"), Ok("AzureCloud.norwaye"));
    assert_eq!(named("Storage.WestEurope", "northeurope"), Ok("Storage.WestEurope"));
    assert_eq!(file.tag("AzureCloud.norwayeast", None).map(Tag::name), Ok("AzureCloud.norwaye"));
    assert_eq!(file.tag("AzureCloud.norwaye", None).unwrap().region(), Some("norwayeast"));
}

#[test]
fn refusals_say_what_would_be_right() {
    let file = small();
    let mut report = String::new();
    for (tag, location) in [
        ("Sotrage", None),
        ("Keyvault", None),
        ("Keyvault.WestEurope", None),
        ("CompletelyDifferent", None),
        ("internet", None),
        ("SystemServiceAzureSpringAppsResourceProvider", None),
        ("Storage.norwayeast", None),
        ("Storage", Some("norwayeast")),
        ("AzureActiveDirectory", Some("westeurope")),
    ] {
        let error = file.tag(tag, location.map(region)).err();
        report.push_str(&format!("{tag} {location:?}:\n    {}\n", error.map(|error| error.to_string()).unwrap_or_default()));
    }
    report.push_str(&format!("prefixes:\n    {}\n", file.tag("AzureKeyVault", None).unwrap().prefixes().unwrap_err()));
    insta::assert_snapshot!(report);
}

#[test]
fn only_what_is_asked_for_is_decoded() {
    let file = small();
    // The invalid prefix of `AzureKeyVault` harms nobody else. An escaped slash is a slash.
    assert_eq!(file.tag("AzureActiveDirectory", None).unwrap().prefixes().unwrap(), nets(&["13.64.151.161/32"]));
    assert!(file.tag("AzureKeyVault", None).unwrap().network_features().is_empty());
}

#[test]
fn the_answer_of_the_discovery_api_has_the_same_shape() {
    let answer = r#"{"name": "China", "id": "/subscriptions/0/…/China", "type": "Microsoft.Network/serviceTags", "changeNumber": "401",
        "cloud": "China", "values": [], "nextLink": null}"#;
    let file = ServiceTagFile::parse(answer.as_bytes()).unwrap();
    assert_eq!((file.change_number(), file.cloud()), (401, Cloud::China));
}

#[test]
fn a_byte_order_mark_is_no_obstacle() {
    assert!(ServiceTagFile::parse(format!("\u{feff}{SMALL}").as_bytes()).is_ok());
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.json", std::process::id()))
}

#[test]
fn what_is_no_service_tag_file_is_refused_with_the_reason() {
    let path = scratch("refused");
    let mut report = String::new();
    for text in ["", "{}", "<html>", r#"{"changeNumber": 1, "cloud": "Mars", "values": []}"#, r#"{"changeNumber": [], "cloud": "Public", "values": []}"#] {
        fs::write(&path, text).unwrap();
        let error = service_tags::file(&path).unwrap_err();
        assert!(matches!(error, FileError::Malformed { .. }));
        report.push_str(&format!("{text}\n    {}\n", error.to_string().replace(&*path.to_string_lossy(), "FILE")));
    }
    fs::remove_file(&path).unwrap();
    let error = service_tags::file(&path).unwrap_err().to_string();
    report.push_str(&format!("no file\n    {}\n", error.replace(&*path.to_string_lossy(), "FILE")));
    insta::assert_snapshot!(report);
}

#[test]
fn a_file_is_read_once_until_it_changes() {
    let path = scratch("once");
    fs::write(&path, SMALL).unwrap();
    let first = service_tags::file(&path).unwrap();
    assert!(Arc::ptr_eq(&first, &service_tags::file(&path).unwrap()));
    fs::write(&path, SMALL.replace("\"changeNumber\": 7", "\"changeNumber\": 18")).unwrap();
    assert_eq!(service_tags::file(&path).unwrap().change_number(), 18);
    fs::remove_file(&path).unwrap();
}

#[test]
fn a_prefix_that_was_split_is_one_removed_and_two_added() {
    let found = changes(&nets(&["10.0.0.0/24", "10.1.0.0/24"]), &nets(&["10.0.0.128/25", "10.0.0.0/25", "10.1.0.0/24"]));
    assert_eq!((found.added, found.removed), (nets(&["10.0.0.0/25", "10.0.0.128/25"]), nets(&["10.0.0.0/24"])));
}

#[test]
fn the_families_stay_apart_and_everything_is_one_prefix() {
    let halves = nets(&["8000::/1", "128.0.0.0/1", "::/1", "0.0.0.0/1"]);
    assert_eq!(aggregate(&halves), nets(&["0.0.0.0/0", "::/0"]));
    assert_eq!(aggregate(&nets(&["255.255.255.255/32", "255.255.255.254/32"])), nets(&["255.255.255.254/31"]));
    assert_eq!(aggregate(&[]), []);
}

/// A world of 256 addresses, at the beginning, inside and at the very end of the IPv4 space.
fn tiny_world() -> impl Strategy<Value = (u32, Vec<IpNet>)> {
    let base = prop_oneof![Just(0), Just(0x0a00_0100), Just(0xffff_ff00_u32)];
    (base, prop::collection::vec((0_u32..256, 24_u8..=32), 0..24)).prop_map(|(base, prefixes)| {
        let net = |(host, length): (u32, u8)| IpNet::new(std::net::Ipv4Addr::from(base + host).into(), length).unwrap().trunc();
        (base, prefixes.into_iter().map(net).collect())
    })
}

fn members(base: u32, prefixes: &[IpNet]) -> BTreeSet<u32> {
    let inside = |address: &u32| prefixes.iter().any(|net| net.contains(&std::net::IpAddr::from(std::net::Ipv4Addr::from(base + address))));
    (0..256).filter(inside).collect()
}

/// The fewest prefixes that hold exactly `members` of the block: one if it is full, else those of its halves.
fn fewest(members: &BTreeSet<u32>, start: u32, size: u32) -> usize {
    match members.range(start..start + size).count() {
        0 => 0,
        count if count == size as usize => 1,
        _ => fewest(members, start, size / 2) + fewest(members, start + size / 2, size / 2),
    }
}

proptest! {
    #[test]
    fn aggregation_keeps_the_addresses_and_is_minimal((base, prefixes) in tiny_world()) {
        let aggregated = aggregate(&prefixes);
        let before = members(base, &prefixes);
        prop_assert_eq!(&members(base, &aggregated), &before);
        prop_assert_eq!(aggregated.len(), fewest(&before, 0, 256));
        prop_assert_eq!(in_order(&aggregated), aggregated.clone());
        prop_assert_eq!(aggregate(&aggregated), aggregated);
    }

    #[test]
    fn changes_lead_from_one_list_to_the_other((_, before) in tiny_world(), (_, after) in tiny_world()) {
        let found = changes(&before, &after);
        let kept = before.iter().filter(|net| !found.removed.contains(net));
        prop_assert_eq!(in_order(&kept.chain(&found.added).copied().collect::<Vec<_>>()), in_order(&after));
        prop_assert!(found.added.iter().all(|net| !before.contains(net)));
        prop_assert!(found.removed.iter().all(|net| before.contains(net)));
    }
}

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
        assert_eq!((file.cloud(), file.change_number(), prefixes.len()), (cloud, change_number, tags));
        assert_eq!(prefixes.values().map(Vec::len).sum::<usize>(), count);
        assert!(prefixes.values().all(|listed| in_order(listed).len() == listed.len()), "a tag repeats a prefix");
    }
}

#[test]
fn fourteen_tags_of_change_376_have_ipv4_prefixes_that_collapse() {
    let Some(file) = published(PUBLIC_376) else { return };
    let v4 = |listed: &[IpNet]| listed.iter().filter(|net| net.addr().is_ipv4()).copied().collect::<Vec<_>>();
    let collapsible = prefixes(&file).into_values().map(|listed| v4(&listed)).filter(|listed| aggregate(listed).len() < listed.len());
    assert_eq!(collapsible.count(), 14);
    assert_eq!(file.tags().filter(|tag| tag.network_features().is_empty()).count(), 1_534);
}

#[test]
fn storage_of_the_whole_cloud_is_no_union_of_its_regions_but_covers_them() {
    let Some(file) = published(PUBLIC_376) else { return };
    let global: BTreeSet<IpNet> = file.tag("Storage", None).unwrap().prefixes().unwrap().into_iter().collect();
    let regional = file.tags().filter(|tag| tag.name().starts_with("Storage."));
    let regional: BTreeSet<IpNet> = regional.flat_map(|tag| tag.prefixes().unwrap()).collect();
    assert_eq!((global.len(), regional.len(), regional.difference(&global).count()), (574, 1_784, 1_260));
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
        let shared = one.iter().filter(|net| net.addr().is_ipv4() && other.iter().any(|o| o.contains(*net) || net.contains(o)));
        assert_eq!(shared.count(), 0);
    }
}

#[test]
fn from_change_374_to_376() {
    let (Some(before), Some(after)) = (published(PUBLIC_374), published(PUBLIC_376)) else { return };
    let (before, after) = (prefixes(&before), prefixes(&after));
    assert_eq!(after.keys().filter(|name| !before.contains_key(*name)).count(), 2);
    let found: BTreeMap<&str, _> = after
        .iter()
        .filter_map(|(name, now)| Some((*name, changes(before.get(name)?, now))))
        .filter(|(_, found)| !(found.added.is_empty() && found.removed.is_empty()))
        .collect();
    assert_eq!(found.len(), 64);
    assert_eq!(found.values().map(|found| found.removed.len()).sum::<usize>(), 172);
    assert_eq!((found["Storage.AustraliaEast"].added.len(), found["Storage.NorthEurope"].added.len()), (1, 2));
    assert_eq!(found.values().map(|found| found.added.len()).sum::<usize>(), 2_616);
    for unchanged in ["AzureMachineLearning", "BatchNodeManagement", "AzureContainerRegistry", "AzureActiveDirectory"] {
        assert!(!found.contains_key(unchanged), "{unchanged}");
    }
}

#[test]
fn the_compiled_in_table_agrees_with_the_publications() {
    for (name, cloud) in [(PUBLIC_376, Cloud::Public), (US_GOVERNMENT, Cloud::UsGovernment), (CHINA, Cloud::China)] {
        let Some(file) = published(name) else { return };
        let is_region = |tag: &Tag<'_>| {
            let (base, suffix) = tag.name().rsplit_once('.').unwrap();
            regions::regions(cloud).any(|region| known::suffix(base, region) == Some(suffix))
        };
        for tag in file.tags().filter(|tag| !tag.is_regional() || is_region(tag)) {
            let features = tag.network_features();
            let usable = if tag.is_regional() { features.iter().any(|word| word == "NSG") } else { !features.is_empty() };
            assert_eq!(known::exists(tag.name(), cloud), usable, "{} in {cloud}", tag.name());
            assert!(tag.is_regional() || known::clouds(tag.name()).contains(&cloud), "{}", tag.name());
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
