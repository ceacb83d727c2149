//! What a write is when nothing happens on the way.

use super::*;

#[tokio::test]
async fn group_and_subnet_come_to_be_with_one_write_each_and_go_again() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.create_subnet().await.unwrap();
    let writes = world.emulator.requests().writes();
    assert_eq!(writes.len(), 2, "{:#?}", world.lines());
    let associated = world.emulator.get(&world.subnet().to_string()).unwrap();
    assert_eq!(
        associated["properties"]["networkSecurityGroup"]["id"],
        json!(world.nsg().to_string())
    );

    world.client.subnets().delete(&world.subnet(), &call()).await.unwrap();
    world
        .client
        .network_security_groups()
        .delete(&world.nsg(), &call())
        .await
        .unwrap();
    assert_eq!(world.emulator.get(&world.nsg().to_string()), None);
    assert_eq!(
        world.client.subnets().get(&world.subnet(), &call()).await.unwrap(),
        None
    );
    world
        .client
        .network_security_groups()
        .delete(&world.nsg(), &call())
        .await
        .unwrap();
}

#[tokio::test]
async fn an_update_reads_writes_and_reads_and_one_that_changes_nothing_only_reads() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.emulator.clear_requests();
    let groups = world.client.network_security_groups();
    groups
        .update(&world.nsg(), &call(), adding("second", 101))
        .await
        .unwrap();
    let (get, put) = (
        format!("GET {} -> 200", world.nsg()),
        format!("PUT {} -> 200", world.nsg()),
    );
    assert_eq!(world.lines(), [&get, &put, &get].map(String::clone));

    world.emulator.clear_requests();
    groups
        .update(&world.nsg(), &call(), adding("second", 101))
        .await
        .unwrap();
    assert_eq!(world.lines(), [get]);
}

#[tokio::test]
async fn fields_nobody_here_knows_survive_an_update() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    let nsg = world.nsg().to_string();
    world.emulator.edit(&nsg, |body| {
        body["properties"]["notInventedYet"] = json!({ "kept": [1, 2] })
    });
    world
        .client
        .network_security_groups()
        .update(&world.nsg(), &call(), adding("second", 101))
        .await
        .unwrap();
    let body = world.emulator.get(&nsg).unwrap();
    assert_eq!(body["properties"]["notInventedYet"], json!({ "kept": [1, 2] }));
}

#[tokio::test]
async fn a_create_leaves_what_exists_alone() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    let before = world.emulator.get(&world.nsg().to_string());
    let error = world.create_nsg().await.unwrap_err();
    assert!(matches!(error, ArmError::AlreadyExists { .. }), "{error:?}");
    assert_eq!(world.emulator.get(&world.nsg().to_string()), before);
}
