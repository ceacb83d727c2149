use azure_core::error::ErrorKind;
use serde_json::json;

use super::*;
use crate::azure::{
    call::Call,
    error::TransportFailure,
    scripted::{Answer, Script, call, id},
};

const NSG: &str = "networkSecurityGroups/nsg";
const SUBNET: &str = "virtualNetworks/hub/subnets/compute";
const STATUS: &str = "https://westeurope.network.example/subscriptions/s/providers/Microsoft.Network/locations/w/operations/1?api-version=1&s=x";

fn nsg(etag: &str, state: &str, description: &str) -> serde_json::Value {
    json!({ "id": id(NSG).to_string(), "name": "nsg", "etag": etag, "location": "westeurope",
        "properties": { "provisioningState": state, "resourceGuid": "g", "defaultSecurityRules": [{}], "subnets": [{ "id": "x" }],
            "notInvented": { "yet": 1 },
            "securityRules": [{ "name": "r", "etag": etag, "properties": { "provisioningState": state, "description": description } }] } })
}

fn read(etag: &str, description: &str) -> Answer {
    Answer::json(200, nsg(etag, "Succeeded", description)).header("etag", etag)
}

fn accepted(status: u16) -> Answer {
    Answer::json(status, nsg("W/put", "Updating", ""))
        .header("azure-asyncoperation", STATUS)
        .header("retry-after", "10")
}

fn running() -> Answer {
    Answer::json(200, json!({ "status": "InProgress" }))
}

fn succeeded() -> Answer {
    Answer::json(200, json!({ "status": "Succeeded" }))
}

fn failed(code: &str) -> Answer {
    Answer::json(
        200,
        json!({ "status": "Failed", "error": { "code": code, "message": "no", "details": [] } }),
    )
}

fn superseded() -> Answer {
    let details = [json!({ "code": "CanceledAndSupersededDueToAnotherOperation", "message": "…" })];
    Answer::json(
        200,
        json!({ "status": "Canceled", "error": { "code": "Canceled", "message": "no", "details": details } }),
    )
}

fn absent() -> Answer {
    Answer::error(404, "ResourceNotFound", "The Resource was not found.")
}

fn describe(text: &'static str) -> impl FnMut(&mut serde_json::Value) + Send {
    move |body| body["properties"]["securityRules"][0]["properties"]["description"] = json!(text)
}

async fn update(script: &Script, text: &'static str) -> Result<Document, ArmError> {
    script
        .client()
        .network_security_groups()
        .update(&id(NSG), &call(), describe(text))
        .await
}

async fn create(script: &Script) -> Result<Document, ArmError> {
    let body = json!({ "location": "westeurope", "properties": { "securityRules": [] } });
    script
        .client()
        .network_security_groups()
        .create(&id(NSG), body, &call())
        .await
}

const OPERATION: &str = "GET /subscriptions/s/providers/Microsoft.Network/locations/w/operations/1";

#[tokio::test]
async fn an_update_is_one_read_one_write_and_one_read_and_keeps_what_it_does_not_know() {
    let script = Script::new([
        read("W/1", "old"),
        accepted(200),
        running(),
        succeeded(),
        read("W/2", "new"),
    ]);
    let document = update(&script, "new").await.unwrap();
    assert_eq!(document.etag.as_deref(), Some("W/2"));
    assert_eq!(
        script.lines(),
        [
            "GET /networkSecurityGroups/nsg",
            "PUT /networkSecurityGroups/nsg",
            OPERATION,
            OPERATION,
            "GET /networkSecurityGroups/nsg"
        ]
    );
    let put = &script.seen()[1];
    assert_eq!(put.if_match.as_deref(), Some("W/1"));
    assert_eq!(
        put.body,
        json!({ "id": id(NSG).to_string(), "name": "nsg", "location": "westeurope", "properties": { "notInvented": { "yet": 1 },
            "securityRules": [{ "name": "r", "properties": { "description": "new" } }] } })
    );
}

#[tokio::test]
async fn nothing_is_written_if_nothing_changes() {
    let script = Script::new([read("W/1", "same")]);
    update(&script, "same").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn an_object_that_failed_is_written_again_although_it_looks_right() {
    let failed = Answer::json(200, nsg("W/1", "Failed", "same"));
    let script = Script::new([failed, accepted(200), succeeded(), read("W/2", "same")]);
    update(&script, "same").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn who_was_slower_reads_and_merges_again() {
    let stale = Answer::error(412, "PreconditionFailed", "Precondition failed.");
    let script = Script::new([
        read("W/1", "old"),
        stale,
        read("W/2", "theirs"),
        accepted(200),
        succeeded(),
        read("W/3", "new"),
    ]);
    update(&script, "new").await.unwrap();
    let etags: Vec<_> = script.seen().into_iter().filter_map(|seen| seen.if_match).collect();
    assert_eq!(etags, ["W/1", "W/2"]);
}

#[tokio::test]
async fn a_superseded_write_is_merged_into_what_superseded_it() {
    let script = Script::new([
        read("W/1", "old"),
        accepted(200),
        superseded(),
        read("W/2", "theirs"),
        accepted(200),
        succeeded(),
        read("W/3", "new"),
    ]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn somebody_who_is_always_faster_ends_it_after_some_rounds() {
    let round = || [read("W/1", "old"), Answer::error(412, "PreconditionFailed", "")];
    let script = Script::new((0..4).flat_map(|_| round()));
    let error = update(&script, "new").await.unwrap_err();
    assert!(matches!(error, ArmError::Contended { rounds: 4, .. }), "{error:?}");
    assert!(!error.may_have_written());
}

#[tokio::test]
async fn a_write_waits_for_the_operation_of_somebody_else() {
    let busy = Answer::json(200, nsg("W/1", "Updating", "theirs"));
    let script = Script::new([
        busy,
        read("W/2", "theirs"),
        accepted(200),
        succeeded(),
        read("W/3", "new"),
    ]);
    update(&script, "new").await.unwrap();
    assert_eq!(script.seen()[2].if_match.as_deref(), Some("W/2"));
}

#[tokio::test]
async fn busy_is_waited_out_with_the_same_write() {
    let busy = || Answer::error(409, "AnotherOperationInProgress", "Another operation is in progress.");
    let throttled = Answer::error(429, "TooManyRequests", "").header("retry-after", "3600");
    let script = Script::new([
        read("W/1", "old"),
        busy(),
        busy(),
        throttled,
        accepted(200),
        succeeded(),
        read("W/2", "new"),
    ]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn after_a_broken_connection_the_object_is_read_before_it_is_written_again() {
    let reset = || Answer::failure(ErrorKind::Io, "connection reset by peer");
    // Carried out: the read shows it, and no second write follows.
    let script = Script::new([read("W/1", "old"), reset(), read("W/2", "new")]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
    // Not carried out.
    let script = Script::new([
        read("W/1", "old"),
        reset(),
        read("W/1", "old"),
        accepted(200),
        succeeded(),
        read("W/2", "new"),
    ]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn a_create_whose_answer_got_lost_recognises_its_own_work() {
    let created = Answer::json(
        200,
        json!({ "location": "westeurope", "properties": { "provisioningState": "Succeeded" } }),
    );
    let script = Script::new([
        absent(),
        Answer::failure(ErrorKind::Io, "connection reset by peer"),
        created,
    ]);
    create(&script).await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn a_create_whose_answer_got_lost_does_not_take_over_what_somebody_made_meanwhile() {
    let body = json!({ "location": "westeurope", "tags": { "owner": "us" }, "properties": { "securityRules": [] } });
    for theirs in [json!({}), json!({ "tags": { "owner": "them" } })] {
        let mut made = nsg("W/1", "Succeeded", "theirs");
        overlay(&mut made, &theirs);
        let script = Script::new([
            absent(),
            Answer::failure(ErrorKind::Io, "connection reset by peer"),
            Answer::json(200, made),
        ]);
        let client = script.client();
        let groups = client.network_security_groups();
        let error = groups.create(&id(NSG), body.clone(), &call()).await.unwrap_err();
        assert!(matches!(error, ArmError::AlreadyExists { .. }), "{error:?}");
        script.assert_played_out();
    }
}

#[tokio::test]
async fn a_create_asks_azure_not_to_overwrite_what_somebody_made_meanwhile() {
    let script = Script::new([
        absent(),
        Answer::error(412, "PreconditionFailed", "Precondition failed."),
        read("W/1", "theirs"),
    ]);
    let error = create(&script).await.unwrap_err();
    assert!(matches!(error, ArmError::AlreadyExists { .. }), "{error:?}");
    assert_eq!(script.seen()[1].if_none_match.as_deref(), Some("*"));
    script.assert_played_out();
}

#[tokio::test]
async fn a_create_does_not_touch_what_exists() {
    let script = Script::new([read("W/1", "theirs")]);
    let error = create(&script).await.unwrap_err();
    assert!(
        matches!(error, ArmError::AlreadyExists { .. }) && !error.may_have_written(),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_was_just_created_may_be_unknown_to_the_reading_side_for_a_while() {
    let lost = Answer::error(404, "NotFound", "");
    let script = Script::new([absent(), accepted(201), lost, succeeded(), absent(), read("W/2", "")]);
    create(&script).await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn an_operation_whose_address_stays_lost_is_followed_at_the_resource() {
    let lost = || Answer::error(404, "NotFound", "");
    let updating = Answer::json(200, nsg("W/1", "Updating", ""));
    let script = Script::new([
        absent(),
        accepted(201),
        lost(),
        lost(),
        lost(),
        updating,
        read("W/2", ""),
        read("W/2", ""),
    ]);
    create(&script).await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn a_failed_operation_keeps_azures_reason_and_says_that_something_may_exist() {
    let script = Script::new([absent(), accepted(201), failed("NetworkSecurityGroupFailed")]);
    let error = create(&script).await.unwrap_err();
    assert!(error.may_have_written());
    assert_eq!(error.service().unwrap().code(), "NetworkSecurityGroupFailed");
}

#[tokio::test]
async fn an_operation_that_fails_for_another_one_is_begun_again() {
    let begun =
        json!({ "location": "westeurope", "properties": { "provisioningState": "Failed", "securityRules": [] } });
    let again = [absent(), accepted(201), failed("AnotherOperationInProgress")];
    let script =
        Script::new(
            again
                .into_iter()
                .chain([Answer::json(200, begun), accepted(200), succeeded(), read("W/2", "")]),
        );
    create(&script).await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn a_refusal_is_final_and_wrote_nothing() {
    let script = Script::new([
        absent(),
        Answer::error(400, "SecurityRuleConflict", "Security rule a conflicts with rule b."),
    ]);
    let error = create(&script).await.unwrap_err();
    assert!(!error.may_have_written());
    assert!(
        error
            .to_diagnostic()
            .contains("400 SecurityRuleConflict: Security rule a conflicts with rule b."),
        "{error}"
    );
}

#[tokio::test]
async fn a_404_that_is_not_about_the_resource_is_an_error() {
    for answer in [
        Answer::error(404, "SubscriptionNotFound", ""),
        Answer::text(404, "<html>proxy</html>"),
        Answer::empty(404),
    ] {
        let script = Script::new([answer]);
        script
            .client()
            .network_security_groups()
            .get(&id(NSG), &call())
            .await
            .unwrap_err();
    }
    let script = Script::new([Answer::error(404, "ResourceGroupNotFound", "")]);
    assert_eq!(
        script
            .client()
            .network_security_groups()
            .get(&id(NSG), &call())
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_bad_certificate_is_reported_at_the_first_attempt() {
    let script = Script::new([Answer::failure(
        ErrorKind::Connection,
        "invalid peer certificate: UnknownIssuer",
    )]);
    let error = create(&script).await.unwrap_err();
    assert!(
        matches!(
            error,
            ArmError::Transport {
                failure: TransportFailure::Certificate,
                ..
            }
        ),
        "{error:?}"
    );
    script.assert_played_out();
}

#[tokio::test]
async fn an_unreachable_azure_is_tried_some_times() {
    let down = || Answer::failure(ErrorKind::Connection, "connection refused");
    let script = Script::new([down(), down(), down()]);
    let error = create(&script).await.unwrap_err();
    assert!(error.to_string().contains("connection refused"), "{error}");
    script.assert_played_out();
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    let script = Script::new([Answer::error(401, "InvalidAuthenticationToken", "expired")]);
    let error = script
        .client()
        .network_security_groups()
        .get(&id(NSG), &call())
        .await
        .unwrap_err();
    // The client connects anew, for which the script has no credential.
    assert!(matches!(error, ArmError::Settings(_)), "{error:?}");
}

#[tokio::test]
async fn a_delete_follows_the_operation_and_what_is_gone_is_fine() {
    let location = "https://arm.example/subscriptions/s/operationResults/1";
    let deleting = || {
        Answer::empty(202)
            .header("azure-asyncoperation", STATUS)
            .header("location", location)
    };
    let nsgs = |script: &Script| script.client();
    let script = Script::new([deleting(), running(), succeeded()]);
    nsgs(&script)
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    script.assert_played_out();
    for gone in [Answer::empty(204), absent()] {
        let script = Script::new([gone]);
        nsgs(&script)
            .network_security_groups()
            .delete(&id(NSG), &call())
            .await
            .unwrap();
    }
    // Location alone.
    let script = Script::new([
        Answer::empty(202).header("location", location),
        Answer::empty(202),
        Answer::empty(204),
    ]);
    nsgs(&script)
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    assert_eq!(script.lines()[1], "GET /subscriptions/s/operationResults/1");
    // The operation is lost, the resource is gone.
    let lost = || Answer::error(404, "NotFound", "");
    let script = Script::new([deleting(), lost(), lost(), lost(), absent()]);
    nsgs(&script)
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    script.assert_played_out();
}

/// A read that began before a delete ended is not shared with those who ask after it, even if the answer to the delete got lost.
#[tokio::test]
async fn nobody_is_told_what_was_read_before_a_delete() {
    let script = Script::new([Answer::failure(ErrorKind::Io, "connection reset by peer"), absent()]);
    let (client, nsg, call) = (script.client(), id(NSG), call());
    let (end, ended) = tokio::sync::oneshot::channel();
    let found = || Document {
        id: id(NSG),
        body: json!({}),
        etag: None,
    };
    let slow = async {
        _ = ended.await;
        Ok(Some(found()))
    };
    let before = client.reads().share(&nsg, slow);
    let after = async {
        client.network_security_groups().delete(&nsg, &call).await.unwrap();
        let asked = client.reads().share(&nsg, async { Ok(None) });
        let told = tokio::time::timeout(std::time::Duration::from_secs(5), asked).await;
        _ = end.send(());
        told.unwrap()
    };
    let (before, after) = tokio::join!(before, after);
    assert!(before.unwrap().is_some());
    assert_eq!(after.unwrap(), None);
    script.assert_played_out();
}

#[tokio::test]
async fn a_delete_waits_for_the_index_of_who_uses_what() {
    let in_use = || Answer::error(400, "InUseNetworkSecurityGroupCannotBeDeleted", "in use by");
    let script = Script::new([in_use(), Answer::empty(204)]);
    script
        .client()
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    let script = Script::new([in_use(), in_use(), in_use()]);
    let error = script
        .client()
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap_err();
    assert!(error.to_diagnostic().contains("Remove what uses it first."), "{error}");
}

#[tokio::test]
async fn stopping_ends_the_wait_for_an_operation() {
    let cancel = tokio_util::sync::CancellationToken::new();
    let script = Script::new(
        [absent(), accepted(201)]
            .into_iter()
            .chain((0..100_000).map(|_| running())),
    );
    let call = Call::new(std::time::Duration::from_secs(60), cancel.clone());
    let client = script.client();
    let groups = client.network_security_groups();
    let (nsg, body) = (id(NSG), json!({ "location": "westeurope" }));
    let creating = groups.create(&nsg, body, &call);
    let stopping = async {
        while script.seen().len() < 4 {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(creating, stopping);
    let error = result.unwrap_err();
    assert!(error.is_cancelled() && error.may_have_written(), "{error:?}");
}

#[tokio::test]
async fn a_write_that_was_on_its_way_at_the_end_may_be_there_whatever_was_refused_before() {
    let stalled = Answer::json(201, nsg("W/1", "Succeeded", "")).after(std::time::Duration::from_secs(60));
    let script = Script::new([absent(), Answer::error(429, "TooManyRequests", "Later."), stalled]);
    let call = Call::new(
        std::time::Duration::from_millis(500),
        tokio_util::sync::CancellationToken::new(),
    );
    let client = script.client();
    let groups = client.network_security_groups();
    let error = groups.create(&id(NSG), json!({}), &call).await.unwrap_err();
    assert!(error.may_have_written(), "{error:?}");
    script.assert_played_out();
}

#[tokio::test]
async fn a_timeout_among_operations_that_fail_tells_why_they_do() {
    let round = || [read("W/1", "old"), accepted(200), failed("AnotherOperationInProgress")];
    let script = Script::new((0..10_000).flat_map(|_| round()));
    let call = Call::new(
        std::time::Duration::from_millis(500),
        tokio_util::sync::CancellationToken::new(),
    );
    let client = script.client();
    let groups = client.network_security_groups();
    let error = groups.update(&id(NSG), &call, describe("new")).await.unwrap_err();
    assert!(error.may_have_written(), "{error:?}");
    assert!(error.to_string().contains("AnotherOperationInProgress"), "{error}");
}

#[tokio::test]
async fn a_timeout_names_the_object_that_does_not_come_to_rest() {
    let script = Script::new((0..10_000).map(|_| Answer::json(200, nsg("W/1", "Updating", ""))));
    let call = Call::new(
        std::time::Duration::from_millis(300),
        tokio_util::sync::CancellationToken::new(),
    );
    let client = script.client();
    let groups = client.network_security_groups();
    let error = groups.update(&id(NSG), &call, describe("new")).await.unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("networkSecurityGroups/nsg` is still `Updating`"),
        "{error}"
    );
}

/// Whoever rides along with a common write that may have been carried out has to say so, should its own attempt fail.
#[tokio::test]
async fn a_change_of_a_common_write_that_failed_may_be_in_azure() {
    let late = |answer: Answer| answer.after(std::time::Duration::from_millis(50));
    let script = Script::new([
        late(read("W/1", "old")),
        accepted(200),
        failed("InternalFailure"),
        // The leader, alone.
        read("W/1", "old"),
        accepted(200),
        succeeded(),
        read("W/2", "first"),
        // The one who rode along.
        Answer::error(403, "AuthorizationFailed", "no"),
    ]);
    let client = script.client();
    let groups = client.network_security_groups();
    let (nsg, first, second) = (id(NSG), call(), call());
    let leader = groups.update(&nsg, &first, describe("first"));
    let rider = groups.update(&nsg, &second, |body| {
        body["properties"]["notInvented"]["yet"] = json!(2)
    });
    let (led, rode) = tokio::join!(leader, rider);
    led.unwrap();
    let error = rode.unwrap_err();
    assert!(error.may_have_written(), "{error:?}");
    assert_eq!(script.seen()[1].body["properties"]["notInvented"]["yet"], 2);
}

#[tokio::test]
async fn a_timeout_names_what_it_was_waiting_for() {
    let busy = || Answer::error(409, "AnotherOperationInProgress", "Another operation is in progress.");
    let script = Script::new([absent()].into_iter().chain((0..100_000).map(|_| busy())));
    let call = Call::new(
        std::time::Duration::from_millis(500),
        tokio_util::sync::CancellationToken::new(),
    );
    let client = script.client();
    let error = client
        .network_security_groups()
        .create(&id(NSG), json!({}), &call)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ArmError::TimedOut { .. }) && !error.may_have_written(),
        "{error:?}"
    );
    assert_eq!(error.service().unwrap().code(), "AnotherOperationInProgress");
}

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
