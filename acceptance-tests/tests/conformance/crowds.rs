//! Many writers of one resource: two provider processes and Microsoft's Python client at the same time. Nobody's work is lost, nobody
//! waits for ever, and everybody finds it as they left it.

use std::collections::BTreeSet;

use acceptance_tests::emulator::{Conflicts, Emulator, Options};
use acceptance_tests::python_client;
use acceptance_tests::terraform::Workspace;

use crate::setting;

/// A provider process that makes ten subnets with a group of its own each.
fn ten_subnets(emulator: &Emulator, name: &str, first: u32) -> Workspace {
    let workspace = setting::workspace(emulator);
    let name = format!("{name}-${{count.index}}");
    let prefix = format!("10.0.${{count.index + {first}}}.0/28");
    workspace.write(&setting::cyclecloud_subnets(emulator, 10, &name, &prefix));
    workspace
}

fn apply_all_at_once(workspace: &Workspace) {
    let arguments = ["apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=10"];
    workspace.run(&arguments).expect_success();
}

/// The names of everything whose id has this in it.
fn names(emulator: &Emulator, kind: &str) -> BTreeSet<String> {
    let ids = emulator.ids().into_iter();
    ids.filter_map(|id| id.split_once(kind).map(|(_, name)| name.to_owned()))
        .filter(|name| !name.contains('/'))
        .collect()
}

fn numbered(names: &[&str]) -> BTreeSet<String> {
    let numbers = |name: &&str| (0..10).map(|number| format!("{name}-{number}")).collect::<Vec<_>>();
    names.iter().flat_map(numbers).collect()
}

/// Twenty subnets by two provider processes and five by a stranger, all in one virtual network and at once; then all of ours go
/// again while the stranger adds five more.
fn a_crowd_in_one_network(options: Options) {
    let emulator = setting::emulator(options);
    let (mut one, mut two) = (ten_subnets(&emulator, "one", 0), ten_subnets(&emulator, "two", 20));
    let (first, second) = (&mut one, &mut two);
    std::thread::scope(|scope| {
        scope.spawn(move || apply_all_at_once(first));
        scope.spawn(move || apply_all_at_once(second));
        scope.spawn(|| python_client::output(&emulator, &["add", "subnets", "rg", "vnet", "foreign", "100", "5"]));
    });
    let mut foreign: BTreeSet<String> = (100..105).map(|number| format!("foreign-{number}")).collect();
    let ours = numbered(&["one", "two"]);
    assert_eq!(names(&emulator, "/subnets/"), ours.union(&foreign).cloned().collect());
    assert_eq!(
        names(&emulator, "/networkSecurityGroups/"),
        numbered(&["nsg-one", "nsg-two"])
    );
    one.assert_settled();
    two.assert_settled();

    let (first, second) = (&mut one, &mut two);
    std::thread::scope(|scope| {
        scope.spawn(move || first.destroy());
        scope.spawn(move || second.destroy());
        scope.spawn(|| python_client::output(&emulator, &["add", "subnets", "rg", "vnet", "foreign", "105", "5"]));
    });
    foreign.extend((105..110).map(|number| format!("foreign-{number}")));
    assert_eq!(names(&emulator, "/subnets/"), foreign);
    assert_eq!(names(&emulator, "/networkSecurityGroups/"), BTreeSet::new());
}

#[test]
fn one_virtual_network_with_etags_that_count() {
    a_crowd_in_one_network(Options::default());
}

#[test]
fn one_virtual_network_with_etags_that_do_not_count_and_other_words_for_busy() {
    a_crowd_in_one_network(Options {
        subnets_honour_if_match: false,
        conflicts: Conflicts::RetryableError,
        ..Options::default()
    });
}
