use serde_json::json;

use super::*;

fn operation() -> Operation {
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/compute";
    Operation::new("PUT", &id.parse().unwrap())
}

fn service(status: u16, error: &serde_json::Value) -> ArmError {
    let body = json!({ "error": error }).to_string();
    let correlation = Some("6f1e".to_owned());
    ArmError::Service(Box::new(ServiceError::of_answer(
        &operation(),
        status,
        body.as_bytes(),
        correlation,
        None,
    )))
}

#[test]
fn a_missing_permission_is_named_with_its_scope() {
    let error = service(
        403,
        &json!({ "code": "AuthorizationFailed", "message": "The client 'c' with object id 'o' does not have authorization to perform \
            action 'Microsoft.Network/networkSecurityGroups/write' over scope '/subscriptions/s/resourceGroups/rg' or the scope is invalid." }),
    );
    let text = error.to_diagnostic();
    assert!(
        text.contains(
            "a role with `Microsoft.Network/networkSecurityGroups/write` on `/subscriptions/s/resourceGroups/rg`"
        ),
        "{text}"
    );
    assert!(text.contains("Azure's correlation id: 6f1e"), "{text}");
}

#[test]
fn of_a_linked_permission_the_missing_one_is_named_and_not_the_one_there_is() {
    let error = service(
        403,
        &json!({ "code": "LinkedAuthorizationFailed", "message": "The client has permission to perform action \
            'Microsoft.Network/virtualNetworks/subnets/write' on scope '/subscriptions/s/vnet'; however, it does not have permission to perform \
            action 'Microsoft.Network/networkSecurityGroups/join/action' on the linked scope(s) '/subscriptions/s/nsg' or the linked scope(s) \
            are invalid." }),
    );
    let remedy = error.remedy();
    assert!(
        remedy.contains("`Microsoft.Network/networkSecurityGroups/join/action` on `/subscriptions/s/nsg`"),
        "{remedy}"
    );
}

#[test]
fn a_policy_that_denies_is_named() {
    let error = service(
        403,
        &json!({ "code": "RequestDisallowedByPolicy", "message": "Resource 'compute' was disallowed by policy.",
            "additionalInfo": [{ "type": "PolicyViolation", "info": {
                "policyDefinitionDisplayName": "Subnets need an NSG", "policyAssignmentDisplayName": "Landing zone: NSG" } }] }),
    );
    assert!(
        error
            .remedy()
            .starts_with("Azure Policy `Landing zone: NSG` denies this."),
        "{}",
        error.remedy()
    );
}

#[test]
fn details_are_told_and_secrets_are_not() {
    let error = service(
        400,
        &json!({ "code": "InvalidRequestFormat", "message": "Cannot parse the request.",
            "details": [{ "code": "InvalidJson", "message": "Value {\"sharedKey\": \"hunter2\"} is wrong" }] }),
    );
    let (shown, debugged) = (error.to_diagnostic(), format!("{error:?}"));
    assert!(
        shown.contains("InvalidJson: Value {\"sharedKey\": \"(redacted)\"} is wrong"),
        "{shown}"
    );
    assert!(
        !shown.contains("hunter2") && !debugged.contains("hunter2"),
        "{debugged}"
    );
}

#[test]
fn an_answer_that_is_not_azures_shows_who_speaks() {
    let error = ServiceError::of_answer(&operation(), 407, b"<html>\n  Squid: access denied</html>", None, None);
    assert!(
        error
            .to_string()
            .ends_with("failed: 407 <html> Squid: access denied</html>"),
        "{error}"
    );
}

#[test]
fn a_time_out_says_what_it_was_waiting_for() {
    let last = service(
        409,
        &json!({ "code": "AnotherOperationInProgress", "message": "Another operation is in progress." }),
    );
    let error = ArmError::interrupted(
        Interruption::TimedOut,
        &operation(),
        Duration::from_secs(1800),
        Some(last),
    );
    let text = error.to_diagnostic();
    assert!(
        text.contains("did not end within 30 min; last:") && text.contains("AnotherOperationInProgress"),
        "{text}"
    );
    assert!(text.contains("Give it more time"), "{text}");
}

#[test]
fn who_loses_every_race_is_told_of_the_other_writer() {
    let last = service(
        412,
        &json!({ "code": "PreconditionFailed", "message": "The ETag is another." }),
    );
    let error = ArmError::Contended {
        operation: operation(),
        rounds: 10,
        last: Box::new(last),
    };
    let text = error.to_diagnostic();
    assert!(
        text.contains("in 10 attempts, somebody else changed the object each time before our write")
            && text.contains("Find out who else writes this object"),
        "{text}"
    );
}

#[test]
fn a_managed_identity_that_does_not_answer_is_no_matter_of_proxies() {
    let error = ArmError::Credential {
        cause: "connection refused".to_owned(),
        failure: Some(TransportFailure::Unreachable),
        credential: Some(CredentialKind::ManagedIdentity),
    };
    assert!(error.remedy().contains("`msi_endpoint`") && !error.remedy().contains("proxy"));
}

#[derive(Debug, thiserror::Error)]
#[error("error sending request for url (https://arm.example/x?sig=abc)")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("invalid peer certificate: UnknownIssuer")]
struct Inner;

#[test]
fn a_bad_certificate_is_told_down_to_the_root_and_is_no_reason_to_try_again() {
    let error = azure_core::Error::with_error(
        ErrorKind::Connection,
        Outer(Inner),
        "failed to execute `reqwest` request",
    );
    let error = ArmError::of_pipeline(
        &operation(),
        &error.with_context("retry policy expired and the request will no longer be retried"),
    );
    let ArmError::Transport { cause, failure, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*failure, TransportFailure::Certificate);
    assert_eq!(
        cause,
        "error sending request for url (https://arm.example/x?(redacted)): invalid peer certificate: UnknownIssuer"
    );
    assert!(error.remedy().contains("`ca_bundle`"));
}

#[test]
fn an_authority_that_cannot_be_reached_is_not_a_wrong_secret() {
    let inner = azure_core::Error::with_message(ErrorKind::Connection, "dns error: no such host");
    let error = azure_core::Error::with_error(
        ErrorKind::Credential,
        inner,
        "ClientSecretCredential authentication failed.",
    );
    let error = ArmError::of_pipeline(&operation(), &error);
    assert!(
        matches!(
            &error,
            ArmError::Credential {
                failure: Some(TransportFailure::Unreachable),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("dns error: no such host"));

    let wrong =
        azure_core::Error::with_message(ErrorKind::Credential, "AADSTS7000215: Invalid client secret provided.");
    let error = ArmError::of_pipeline(&operation(), &wrong);
    assert!(
        matches!(&error, ArmError::Credential { failure: None, .. }),
        "{error:?}"
    );
    assert!(error.to_diagnostic().contains("AADSTS7000215"));
}

#[test]
fn a_cloud_that_lags_behind_is_told_with_what_it_has() {
    let lags = |code: &str, message: &str| service(400, &json!({ "code": code, "message": message })).remedy();
    for (code, message) in [
        (
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'local' and API version '2025-07-01' for type 'routeTables'. The supported \
             api-versions are '2015-06-15, 2017-10-01, 2018-11-01'. The supported locations are 'local'.",
        ),
        (
            "InvalidResourceType",
            "The resource type 'routeTables' could not be found in the namespace 'Microsoft.Network' for api version '2025-07-01'. The supported \
             api-versions are '2015-06-15, 2017-10-01, 2018-11-01'.",
        ),
        (
            "InvalidApiVersionParameter",
            "The api-version '2025-07-01' is not valid. The supported versions are '2018-11-01,2017-10-01,2015-06-15'.",
        ),
    ] {
        let remedy = lags(code, message);
        assert!(
            remedy.starts_with(
                "This cloud does not have the api-version `2025-07-01` of this kind of resource; the newest that it has is `2018-11-01`."
            ) && remedy.contains("`azapi`"),
            "{code}: {remedy}"
        );
    }
    let left_behind = "The api-version '2025-07-01' is not valid. The supported versions are '2027-01-01, 2028-01-01'.";
    let remedy = lags("InvalidApiVersionParameter", left_behind);
    assert!(remedy.contains("a newer release of this provider"), "{remedy}");
    let unknown = "The resource type 'firewallPolicies' could not be found in the namespace 'Microsoft.Network'.";
    let remedy = lags("InvalidResourceType", unknown);
    assert!(
        remedy.starts_with("This cloud does not have the api-version of this kind"),
        "{remedy}"
    );
}
