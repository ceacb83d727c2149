use super::*;

fn principal() -> ConnectionSettings {
    ConnectionSettings {
        tenant_id: Some("tenant".into()),
        client_id: Some("client".into()),
        use_cli: true,
        ..ConnectionSettings::default()
    }
}

fn kind(settings: &ConnectionSettings) -> CredentialKind {
    select(settings).map(|selected| selected.kind()).unwrap()
}

fn file(content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

#[test]
fn of_several_the_first_of_azurerms_order_is_taken() {
    let mut settings = ConnectionSettings {
        client_certificate: Some(Secret::new("AAAA")),
        client_secret: Some(Secret::new("secret")),
        use_oidc: true,
        oidc_token: Some(Secret::new("token")),
        oidc_request_url: Some("https://localhost/token".into()),
        oidc_request_token: Some(Secret::new("bearer")),
        ado_pipeline_service_connection_id: Some("connection".into()),
        use_msi: true,
        ..principal()
    };
    assert_eq!(kind(&settings), CredentialKind::ClientCertificate);
    settings.client_certificate = None;
    assert_eq!(kind(&settings), CredentialKind::ClientSecret);
    settings.client_secret = None;
    assert_eq!(kind(&settings), CredentialKind::OidcToken);
    settings.oidc_token = None;
    assert_eq!(kind(&settings), CredentialKind::AzurePipelines);
    settings.ado_pipeline_service_connection_id = None;
    assert_eq!(kind(&settings), CredentialKind::OidcRequest);
    settings.use_oidc = false;
    assert_eq!(kind(&settings), CredentialKind::ManagedIdentity);
    settings.use_msi = false;
    assert_eq!(kind(&settings), CredentialKind::AzureCli);
}

#[test]
fn everything_that_is_missing_is_named_at_once_with_its_variable() {
    let settings = ConnectionSettings {
        tenant_id: Some("t".into()),
        ..ConnectionSettings::default()
    };
    let error = select(&settings).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the credential is incomplete: `client_id`, `client_secret` are missing"
    );
    assert_eq!(
        error.remedy(),
        "Set `client_id` (or `ARM_CLIENT_ID`), `client_secret` (or `ARM_CLIENT_SECRET`)."
    );
}

#[test]
fn a_credential_that_is_begun_is_not_left_for_the_azure_cli() {
    let settings = ConnectionSettings {
        client_secret: Some(Secret::new("secret")),
        tenant_id: None,
        ..principal()
    };
    let error = select(&settings).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the credential is incomplete: `tenant_id` is missing"
    );
}

#[test]
fn who_chose_a_token_and_has_none_is_not_whoever_is_signed_in_with_the_azure_cli() {
    let federated = ConnectionSettings {
        use_oidc: true,
        ..principal()
    };
    let pipelines = ConnectionSettings {
        ado_pipeline_service_connection_id: Some("connection".into()),
        oidc_request_url: Some("https://localhost/token".into()),
        ..federated.clone()
    };
    let pod = ConnectionSettings {
        use_aks_workload_identity: true,
        ..principal()
    };
    for (settings, missing, remedy) in [
        (&federated, "oidc_token_file_path", "id-token: write"),
        (&pipelines, "oidc_request_token", "`SYSTEM_ACCESSTOKEN`"),
        (&pod, "oidc_token_file_path", "`AZURE_FEDERATED_TOKEN_FILE`"),
    ] {
        let error = select(settings).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("the credential is incomplete: `{missing}` is missing")
        );
        assert!(error.remedy().contains(remedy), "{}", error.remedy());

        let with_identity = ConnectionSettings {
            use_msi: true,
            ..settings.clone()
        };
        assert_eq!(kind(&with_identity), CredentialKind::ManagedIdentity);
    }
}

#[test]
fn a_value_and_its_file_must_agree() {
    let (_directory, path) = file("client\n");
    let mut settings = ConnectionSettings {
        client_id_file_path: Some(path),
        client_secret: Some(Secret::new("secret")),
        ..principal()
    };
    assert_eq!(kind(&settings), CredentialKind::ClientSecret);
    settings.client_id = None;
    assert_eq!(kind(&settings), CredentialKind::ClientSecret);
    settings.client_id = Some("another".into());
    let error = select(&settings).err().unwrap();
    assert!(
        matches!(error, SettingsError::Mismatch("client_id", "client_id_file_path")),
        "{error}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_setting() {
    let (_directory, empty) = file(" \n");
    for (path, reason) in [("does/not/exist".into(), "No such file"), (empty, "is empty")] {
        let settings = ConnectionSettings {
            client_secret_file_path: Some(path),
            ..principal()
        };
        let error = select(&settings).err().unwrap().to_string();
        assert!(
            error.contains("`client_secret_file_path`") && error.contains(reason),
            "{error}"
        );
    }
}
