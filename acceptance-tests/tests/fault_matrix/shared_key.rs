//! The shared key of a connection, which is written by itself.

use acceptance_tests::emulator::Fault;
use lockeddown::azure::Secret;

use crate::accidents::{lasting, passing};
use crate::kinds::{Kind, kinds};
use crate::method;
use crate::world::{World, call};

const KEY: &str = "canary of the tunnel";
const PATH: &str = "connections/ours/sharedKey";

fn connection() -> Kind {
    kinds()
        .into_iter()
        .find(|kind| kind.path == "connections/ours")
        .unwrap()
}

fn key(world: &World, path: &str) -> String {
    let connection = world.emulator.get(&world.id(path)).unwrap();
    connection["properties"]["sharedKey"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_is_set_whatever_passes_and_an_update_of_the_connection_keeps_it() {
    let (world, kind) = (World::new(), connection());
    let neighbours = key(&world, kind.neighbour);
    for (accident, fault) in passing("update", PATH) {
        let what = format!("set the shared key: {accident}");
        world.reset(&kind, true);
        world.emulator.fault(fault);
        let secret = Secret::new(KEY);
        let (id, call) = (world.resource(&kind), call());
        let set = world.client.set_shared_key(&id, &secret, &call);
        set.await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        world.assert_order(&kind, true, &what);
        assert_eq!(key(&world, kind.path), KEY, "{what}");
        world.update(&kind).await.unwrap();
        assert_eq!(key(&world, kind.path), KEY, "{what}");
        assert_eq!(key(&world, kind.neighbour), neighbours, "{what}");
    }
}

#[tokio::test]
async fn what_stays_is_told_without_the_key() {
    let (world, kind) = (World::new(), connection());
    for (code, effect) in lasting("update") {
        world.reset(&kind, true);
        let before = key(&world, kind.path);
        world.emulator.fault(Fault::new(method("update"), PATH, effect));
        let secret = Secret::new(KEY);
        let (id, call) = (world.resource(&kind), call());
        let set = world.client.set_shared_key(&id, &secret, &call);
        let error = set.await.unwrap_err();
        let text = error.to_diagnostic();
        assert!(text.contains(code) && text.contains("connections/ours"), "{text}");
        assert!(!format!("{text}{error:?}").contains("canary"), "{text}");
        assert_eq!(key(&world, kind.path), before, "{code}");
        world.assert_order(&kind, true, code);
    }
}
