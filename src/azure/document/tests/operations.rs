//! Long-running operations that end badly, or whose address is lost.

use super::*;

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
