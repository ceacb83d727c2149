//! What Azure, the network and the authority refuse.

use super::*;

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
