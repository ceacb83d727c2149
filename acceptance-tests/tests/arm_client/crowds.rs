//! Many writers of one object, in several processes.

use std::sync::Arc;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writers_of_one_group_in_two_processes_and_a_stranger_lose_nothing() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    // Locks hold within a client; two clients are two processes.
    let clients = [world.client.clone(), client(settings(&world.emulator))];
    let nsg = Arc::new(world.nsg());
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (client, nsg) = (clients[number % 2].clone(), Arc::clone(&nsg));
        writers.spawn(async move {
            let priority = 200 + u32::try_from(number).unwrap();
            client
                .network_security_groups()
                .update(&nsg, &call(), adding(&format!("rule-{number:02}"), priority))
                .await
        });
    }
    for number in 0..3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let rule = rule(&format!("stranger-{number}"), 300 + number);
        world.emulator.edit(&nsg.to_string(), |body| rules_of(body).push(rule));
    }
    while let Some(result) = writers.join_next().await {
        result.unwrap().unwrap();
    }
    let mut expected: Vec<String> = (0..20).map(|number| format!("rule-{number:02}")).collect();
    expected.extend((0..3).map(|number| format!("stranger-{number}")));
    expected.insert(0, "first".to_owned());
    assert_eq!(world.rules(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_subnets_of_one_network_by_two_processes_all_come_to_be() {
    let world = World::with(Options {
        subnets_honour_if_match: false,
        ..Options::default()
    });
    world.create_nsg().await.unwrap();
    let clients = [world.client.clone(), client(settings(&world.emulator))];
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..10 {
        let subnet = world.id(&format!("virtualNetworks/hub/subnets/s{number}"));
        let (client, nsg) = (clients[number % 2].clone(), world.nsg());
        writers.spawn(async move {
            let body = json!({ "properties": {
                "addressPrefix": format!("10.0.{number}.0/24"), "networkSecurityGroup": { "id": nsg.to_string() } } });
            client.subnets().create(&subnet, body, &call()).await
        });
    }
    while let Some(result) = writers.join_next().await {
        result.unwrap().unwrap();
    }
    let subnets = world
        .emulator
        .ids()
        .into_iter()
        .filter(|id| id.contains("/subnets/s"))
        .count();
    assert_eq!(subnets, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_in_line_is_written_by_who_is_in_front_and_one_bad_rule_spoils_only_itself() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.emulator.clear_requests();
    let nsg = Arc::new(world.nsg());
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..10_u32 {
        let (client, nsg) = (world.client.clone(), Arc::clone(&nsg));
        writers.spawn(async move {
            let change = adding(&format!("rule-{number}"), 200 + number);
            client.network_security_groups().update(&nsg, &call(), change).await
        });
    }
    while let Some(written) = writers.join_next().await {
        let document = written.unwrap().unwrap();
        assert!(document.body["properties"]["securityRules"].as_array().unwrap().len() > 1);
    }
    assert_eq!(world.rules().len(), 11);
    let path = "networkSecurityGroups/*";
    let puts = world.emulator.requests().puts_on(path).len();
    assert!(puts < 5, "ten changes took {puts} writes");

    // The eleventh priority is taken: Azure refuses the common body.
    let mut writers = tokio::task::JoinSet::new();
    for number in 10..15_u32 {
        let (client, nsg) = (world.client.clone(), Arc::clone(&nsg));
        writers.spawn(async move {
            let priority = if number == 12 { 200 } else { 200 + number };
            let change = adding(&format!("rule-{number}"), priority);
            (
                number,
                client.network_security_groups().update(&nsg, &call(), change).await,
            )
        });
    }
    while let Some(written) = writers.join_next().await {
        let (number, result) = written.unwrap();
        match result {
            Ok(_) => assert_ne!(number, 12),
            Err(error) => {
                assert_eq!(number, 12, "{error}");
                assert!(error.to_string().contains("conflicts with rule"), "{error}");
            }
        }
    }
    let rules = world.rules();
    assert_eq!(rules.len(), 15);
    assert!(!rules.contains(&"rule-12".to_owned()));
}
