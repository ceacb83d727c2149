//! Every accident × create, read, update, delete × every kind that the provider writes. It ends in the right state or in an error that
//! says what happened; nothing is lost, nothing is there twice, and what others did meanwhile stays.
//!
//! A kind is a row in `kinds.rs`, an accident a row in `accidents.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod accidents;
mod kinds;
mod only_read;
mod shared_key;
mod world;

use std::time::Duration;

use acceptance_tests::emulator::{Effect, Fault, ForeignWrite};
use lockeddown::azure::ArmError;
use serde_json::Value;

use accidents::{failed, lasting, passing};
use kinds::kinds;
use world::{PATIENCE, World, contains, set};

fn method(verb: &str) -> &'static str {
    match verb {
        "read" => "GET",
        "delete" => "DELETE",
        _ => "PUT",
    }
}

#[tokio::test]
async fn a_create_survives_what_passes() {
    for kind in kinds() {
        let world = World::new();
        for (accident, fault) in passing("create", kind.path) {
            let what = format!("create {}: {accident}", kind.path);
            world.reset(&kind, false);
            world.emulator.fault(fault);
            let created = world.create(&kind).await;
            created.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            world.assert_order(&kind, true, &what);
            let shown = world.shown(&kind).unwrap();
            contains(&shown, &world.body(&kind, "ours"), &what);
            assert_eq!(shown["properties"]["provisioningState"], "Succeeded", "{what}");
        }
    }
}

#[tokio::test]
async fn a_read_survives_what_passes() {
    for kind in kinds() {
        let world = World::new();
        for (accident, fault) in passing("read", kind.path) {
            let what = format!("read {}: {accident}", kind.path);
            world.reset(&kind, true);
            world.emulator.fault(fault);
            let read = world.read(&kind).await;
            let read = read.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert_eq!(read, world.shown(&kind).map(without_key), "{what}");
            world.assert_order(&kind, true, &what);
        }
    }
}

/// What nobody gets to see of a connection.
fn without_key(mut shown: Value) -> Value {
    if let Some(properties) = shown["properties"].as_object_mut() {
        properties.remove("sharedKey");
    }
    shown
}

#[tokio::test]
async fn an_update_survives_what_passes_and_undoes_nothing_of_others() {
    for kind in kinds() {
        let world = World::new();
        for (accident, fault) in passing("update", kind.path) {
            let what = format!("update {}: {accident}", kind.path);
            world.reset(&kind, true);
            let (id, theirs) = (world.id(kind.path), kind.theirs.clone());
            let foreign = Fault::foreign(move |azure| azure.edit(&id, |body| set(body, &theirs)));
            // Between our read and our write.
            world.emulator.fault(foreign.on("PUT", kind.path));
            world.emulator.fault(fault);
            let updated = world.update(&kind).await;
            updated.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            world.assert_order(&kind, true, &what);
            let shown = world.shown(&kind).unwrap();
            for (pointer, wanted) in [&kind.ours, &kind.theirs] {
                contains(shown.pointer(pointer).unwrap_or(&Value::Null), wanted, &what);
            }
        }
    }
}

#[tokio::test]
async fn a_delete_survives_what_passes() {
    for kind in kinds() {
        let world = World::new();
        for (accident, fault) in passing("delete", kind.path) {
            let what = format!("delete {}: {accident}", kind.path);
            world.reset(&kind, true);
            world.emulator.fault(fault);
            let deleted = world.delete(&kind).await;
            deleted.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            world.assert_order(&kind, false, &what);
        }
    }
}

#[tokio::test]
async fn what_stays_is_told_by_its_code_and_changes_nothing() {
    for kind in kinds() {
        let world = World::new();
        for verb in ["create", "read", "update", "delete"] {
            for (code, effect) in lasting(verb) {
                let what = format!("{verb} {}: {code}", kind.path);
                world.reset(&kind, verb != "create");
                let before = world.shown(&kind);
                world.emulator.fault(Fault::new(method(verb), kind.path, effect));
                let error = world.perform(&kind, verb).await.err();
                let error = error.unwrap_or_else(|| panic!("{what}: no error"));
                let text = error.to_diagnostic();
                assert!(text.contains(code) && text.contains(kind.path), "{what}: {text}");
                assert!(!error.may_have_written(), "{what}: {text}");
                assert_eq!(world.shown(&kind), before, "{what}");
                world.assert_order(&kind, verb != "create", &what);
            }
        }
    }
}

#[tokio::test]
async fn an_operation_that_fails_is_told_and_the_next_attempt_repairs_it() {
    for kind in kinds() {
        let world = World::new();
        for verb in ["create", "update", "delete"] {
            let what = format!("{verb} {} whose operation fails", kind.path);
            world.reset(&kind, verb != "create");
            let ill = Effect::FailOperation(failed("NrpFailure"));
            world.emulator.fault(Fault::new(method(verb), kind.path, ill));
            let error = world.perform(&kind, verb).await.err();
            let error = error.unwrap_or_else(|| panic!("{what}: no error"));
            assert!(error.may_have_written(), "{what}: {error:?}");
            assert!(error.to_diagnostic().contains("NrpFailure"), "{what}: {error:?}");
            world.assert_order(&kind, true, &what);

            if verb == "delete" {
                world.delete(&kind).await.unwrap();
                world.assert_order(&kind, false, &what);
            } else {
                let updated = world.update(&kind).await;
                updated.unwrap_or_else(|error| panic!("{what}, again: {error:?}"));
                let shown = world.shown(&kind).unwrap();
                contains(shown.pointer(kind.ours.0).unwrap_or(&Value::Null), &kind.ours.1, &what);
                assert_eq!(shown["properties"]["provisioningState"], "Succeeded", "{what}");
            }
        }
    }
}

/// The time given is over while Azure still works. What it then has may be ours; once it rests, the next attempt brings about what was wanted.
#[tokio::test]
async fn an_operation_that_never_ends_is_told_when_the_time_is_over() {
    let stories = kinds().into_iter().map(|kind| async move {
        let mut world = World::new();
        for verb in ["create", "update", "delete"] {
            let what = format!("{verb} {} that never ends", kind.path);
            world.reset(&kind, verb != "create");
            // The token is there and everything was read once, so that the time is for the operation alone.
            world.read(&kind).await.unwrap();
            world
                .emulator
                .fault(Fault::new(method(verb), kind.path, Effect::NeverFinish));
            world.patience = Duration::from_secs(3);
            let error = world.perform(&kind, verb).await.err();
            world.patience = PATIENCE;
            let error = error.unwrap_or_else(|| panic!("{what}: no error"));
            let text = error.to_diagnostic();
            assert!(
                text.contains("did not end within 3 s") && text.contains("`timeouts`") && text.contains(kind.path),
                "{what}: {text}"
            );
            assert!(error.may_have_written(), "{what}: {error:?}");
            world.assert_order(&kind, true, &what);

            world.emulator.clear_faults();
            match verb {
                "delete" => world.delete(&kind).await.unwrap(),
                _ => world.update(&kind).await.unwrap(),
            }
            world.assert_order(&kind, verb != "delete", &what);
            if let Some(shown) = world.shown(&kind) {
                contains(shown.pointer(kind.ours.0).unwrap_or(&Value::Null), &kind.ours.1, &what);
                assert_eq!(shown["properties"]["provisioningState"], "Succeeded", "{what}");
            }
        }
    });
    // All kinds wait at the same time.
    let waiting = tokio::task::LocalSet::new();
    let stories: Vec<_> = stories.map(|story| waiting.spawn_local(story)).collect();
    waiting.await;
    for story in stories {
        story.await.unwrap();
    }
}

/// The last thing a client may do is to undo a removal by somebody else.
#[tokio::test]
async fn an_update_of_what_somebody_removed_meanwhile_does_not_bring_it_back() {
    for kind in kinds() {
        let (world, what) = (World::new(), format!("update {} while it goes", kind.path));
        world.reset(&kind, true);
        let id = world.id(kind.path);
        let gone = Effect::Foreign(ForeignWrite::Remove { id });
        world.emulator.fault(Fault::new("PUT", kind.path, gone));
        let error = world.update(&kind).await.err();
        let error = error.unwrap_or_else(|| panic!("{what}: no error"));
        assert!(error.to_diagnostic().contains(kind.path), "{what}: {error:?}");
        world.assert_order(&kind, false, &what);
    }
}

#[tokio::test]
async fn a_delete_of_what_somebody_removed_meanwhile_has_nothing_left_to_do() {
    for kind in kinds() {
        let (world, what) = (World::new(), format!("delete {} while it goes", kind.path));
        world.reset(&kind, true);
        let id = world.id(kind.path);
        let gone = Effect::Foreign(ForeignWrite::Remove { id });
        world.emulator.fault(Fault::new("DELETE", kind.path, gone));
        let deleted = world.delete(&kind).await;
        deleted.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        world.assert_order(&kind, false, &what);
    }
}

#[tokio::test]
async fn what_somebody_made_between_our_look_and_our_write_is_theirs() {
    for kind in kinds() {
        let (world, what) = (World::new(), format!("create {} while another does", kind.path));
        world.reset(&kind, false);
        let (id, body) = (world.id(kind.path), world.body(&kind, "ours"));
        let theirs = kind.theirs.clone();
        let foreign = Fault::foreign(move |azure| {
            azure.put(&id, body.clone());
            azure.edit(&id, |body| set(body, &theirs));
        });
        world.emulator.fault(foreign.on("PUT", kind.path));
        let error = world.create(&kind).await.err();
        assert!(
            matches!(error, Some(ArmError::AlreadyExists { .. })),
            "{what}: {error:?}"
        );
        let (pointer, wanted) = &kind.theirs;
        let shown = world.shown(&kind).unwrap();
        contains(shown.pointer(pointer).unwrap_or(&Value::Null), wanted, &what);
        world.assert_order(&kind, true, &what);
    }
}

/// The same where our write was lost: nobody knows whether it was carried out, and what is there then says that it is somebody else's.
#[tokio::test]
async fn what_somebody_made_while_our_write_was_lost_is_theirs() {
    for kind in kinds() {
        let (world, what) = (World::new(), format!("create {} while another does", kind.path));
        let id = world.id(kind.path);
        let mut theirs = world.body(&kind, "ours");
        match kind.path {
            // What of these is somebody else's does not show: whoever takes it over finds what it wanted.
            path if path.contains("/virtualNetworkPeerings/") => continue,
            path if path.contains("/subnets/") => theirs["properties"]["addressPrefix"] = "10.0.77.0/24".into(),
            path if path.contains("/ruleCollectionGroups/") => theirs["properties"]["priority"] = 7000.into(),
            _ => theirs["tags"]["which"] = "theirs".into(),
        }
        world.reset(&kind, false);
        world.emulator.fault(Fault::new("PUT", kind.path, Effect::ResetBefore));
        let body = theirs.clone();
        let foreign = Fault::foreign(move |azure| {
            azure.put(&id, body.clone());
        });
        // Between the write that is lost and the look at what became of it.
        world.emulator.fault(foreign.on("GET", kind.path).after(1));
        let error = world.create(&kind).await.err();
        assert!(
            matches!(error, Some(ArmError::AlreadyExists { .. })),
            "{what}: {error:?}"
        );
        contains(&world.shown(&kind).unwrap(), &theirs, &what);
        world.assert_order(&kind, true, &what);
    }
}
