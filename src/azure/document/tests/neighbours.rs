//! Whoever writes a parent or an associated object goes first.

use super::*;

fn network(state: &str) -> Answer {
    Answer::json(
        200,
        json!({ "name": "hub", "properties": { "provisioningState": state } }),
    )
}

#[tokio::test]
async fn a_subnet_waits_until_its_network_is_not_being_updated() {
    let subnet = Answer::json(
        200,
        json!({ "etag": "W/2", "properties": { "provisioningState": "Succeeded" } }),
    );
    let script = Script::new([
        network("Updating"),
        network("Succeeded"),
        absent(),
        accepted(201),
        succeeded(),
        subnet,
    ]);
    let client = script.client();
    client
        .subnets()
        .create(&id(SUBNET), json!({ "properties": {} }), &call())
        .await
        .unwrap();
    let network = "GET /virtualNetworks/hub";
    let subnet = format!("/{SUBNET}");
    assert_eq!(
        script.lines(),
        [
            network,
            network,
            &format!("GET {subnet}"),
            &format!("PUT {subnet}"),
            OPERATION,
            &format!("GET {subnet}")
        ]
    );
}

#[tokio::test]
async fn a_subnet_queues_behind_the_writer_of_its_network_security_group() {
    let subnet = Answer::json(
        200,
        json!({ "etag": "W/2", "properties": { "provisioningState": "Succeeded" } }),
    );
    let first_look = [network("Succeeded"), absent()];
    let second_look = [network("Succeeded"), absent(), accepted(201), succeeded(), subnet];
    let script = Script::new(first_look.into_iter().chain(second_look));
    let client = script.client();
    let (subnet, body) = (
        id(SUBNET),
        json!({ "properties": { "networkSecurityGroup": { "id": id(NSG).to_string() } } }),
    );
    let writer = client.locks().acquire(&call(), &[id(NSG)]).await.unwrap();
    let subnets = client.subnets();
    let call = call();
    let creating = subnets.create(&subnet, body, &call);
    let finishing = async {
        while script.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            script.seen().len(),
            2,
            "it does not write while the group is being written"
        );
        drop(writer);
    };
    let (result, ()) = tokio::join!(creating, finishing);
    result.unwrap();
    script.assert_played_out();
}
