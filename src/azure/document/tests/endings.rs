//! Work that is stopped, or whose time is over.

use super::*;

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
