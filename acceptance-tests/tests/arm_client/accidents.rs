//! Whatever happens on the way, it ends well.

use acceptance_tests::emulator::{Effect, Fault, Refused};

use super::*;

/// What can happen to a write and still must end well.
fn accidents(path: &str) -> Vec<(&'static str, Fault)> {
    let happens = |effect: Effect| Fault::new("PUT", path, effect);
    let belied = |status, code: &str| {
        happens(Effect::Belie(Refused {
            status,
            code: code.to_owned(),
            message: "…".to_owned(),
            retry_after: None,
        }))
    };
    let refused = |status, code| Fault::refuse(status, code, "…").on("PUT", path);
    vec![
        ("somebody else was faster", refused(412, "PreconditionFailed")),
        ("busy twice", refused(409, "AnotherOperationInProgress").times(2)),
        ("throttled", refused(429, "TooManyRequests").retry_after(1)),
        ("overloaded", refused(503, "ServerTimeout")),
        ("reset before the write", happens(Effect::ResetBefore)),
        ("reset after the write", happens(Effect::ResetAfter)),
        ("overloaded after the write", belied(503, "ServerTimeout")),
        ("busy after the write", belied(503, "RetryableError")),
        ("half an answer", happens(Effect::Truncate)),
        ("slow", happens(Effect::Delay(200))),
        ("operation without address", happens(Effect::LoseOperation)),
        (
            "operation fails for another one",
            Fault::fail_operation("AnotherOperationInProgress", "…").on("PUT", path),
        ),
        ("read too early", happens(Effect::HideAfterCreate(2))),
        ("poll lost", Fault::new("GET", "operations/*", Effect::ResetBefore)),
        (
            "poll refused",
            Fault::refuse(502, "BadGateway", "…").on("GET", "operations/*").times(2),
        ),
        (
            "read refused",
            Fault::refuse(500, "InternalServerError", "…").on("GET", path),
        ),
        (
            "authority ill",
            Fault::refuse(503, "Unavailable", "…").on("POST", "oauth2/v2.0/token"),
        ),
    ]
}

#[tokio::test]
async fn a_create_ends_well_whatever_happens_on_the_way() {
    for (what, fault) in accidents("networkSecurityGroups/nsg") {
        let world = World::new();
        world.emulator.fault(fault);
        world
            .create_nsg()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        assert_eq!(world.rules(), ["first"], "{what}");
        assert!(world.emulator.faults_left().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn an_update_ends_well_whatever_happens_on_the_way_and_undoes_nothing_of_others() {
    for (what, fault) in accidents("networkSecurityGroups/nsg") {
        if what == "read too early" {
            continue;
        }
        let world = World::new();
        world.create_nsg().await.unwrap();
        let nsg = world.nsg().to_string();
        let foreign = Fault::foreign(move |azure| azure.edit(&nsg, |body| rules_of(body).push(rule("foreign", 200))));
        world.emulator.fault(foreign.on("PUT", "networkSecurityGroups/nsg"));
        world.emulator.fault(fault);
        let client = client(settings(&world.emulator));
        let result = client
            .network_security_groups()
            .update(&world.nsg(), &call(), adding("second", 101))
            .await;
        result.unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        assert_eq!(world.rules(), ["first", "foreign", "second"], "{what}");
        assert!(world.emulator.faults_left().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_subnet_is_born_well_whatever_happens_on_the_way() {
    for (what, fault) in accidents("subnets/compute") {
        if what == "authority ill" {
            continue;
        }
        let world = World::new();
        world.create_nsg().await.unwrap();
        world.emulator.fault(fault);
        world
            .create_subnet()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        let subnet = world.emulator.get(&world.subnet().to_string()).unwrap();
        assert_eq!(subnet["properties"]["addressPrefix"], json!("10.0.1.0/24"), "{what}");
        assert!(world.emulator.faults_left().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_delete_ends_well_whatever_happens_on_the_way() {
    let happens = |effect| Fault::new("DELETE", "nsg", effect);
    let refused = |status, code| Fault::refuse(status, code, "…").on("DELETE", "nsg");
    for fault in [
        happens(Effect::ResetBefore),
        happens(Effect::ResetAfter),
        happens(Effect::LoseOperation),
        refused(409, "AnotherOperationInProgress"),
        refused(429, "RetryableError"),
        refused(503, "ServerTimeout"),
        refused(400, "InUseNetworkSecurityGroupCannotBeDeleted"),
    ] {
        let world = World::new();
        world.create_nsg().await.unwrap();
        let what = format!("{fault:?}");
        world.emulator.fault(fault);
        let result = world
            .client
            .network_security_groups()
            .delete(&world.nsg(), &call())
            .await;
        result.unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        assert_eq!(world.emulator.get(&world.nsg().to_string()), None, "{what}");
    }
}
