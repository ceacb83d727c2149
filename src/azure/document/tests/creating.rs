//! What is made, and whose it is when answers get lost.

use super::*;

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
async fn a_create_that_a_busy_server_failed_at_is_looked_for_before_it_is_repeated() {
    for code in ["RetryableError", "AnotherOperationInProgress"] {
        let created = json!({ "location": "westeurope", "properties": { "provisioningState": "Succeeded" } });
        let script = Script::new([absent(), Answer::error(503, code, "Later."), Answer::json(200, created)]);
        create(&script).await.unwrap();
        script.assert_played_out();
    }
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
