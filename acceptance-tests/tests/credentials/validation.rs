//! What `terraform validate` already says, on the argument it concerns.

use crate::setting::Setting;

#[test]
fn contradictions_and_mistakes_are_said_where_they_are_written() {
    let mut setting = Setting::new();
    let cases = [
        "client_id = \"a\"\nclient_id_file_path = \"b\"",
        "client_secret = \"canary-a\"\nclient_secret_file_path = \"b\"",
        "client_certificate = \"AAAA\"\nclient_certificate_path = \"b\"",
        "oidc_token = \"canary-a\"\noidc_token_file_path = \"b\"",
        "client_certificate = \"canary, not Base64\"",
        "use_msi = true\nuse_aks_workload_identity = true",
        "oidc_request_url = \"http://token.example/?query\"",
        "msi_endpoint = \"169.254.169.254\"",
        "metadata_host = \"https://management.example\"",
        "proxy_url = \"socks5://me:canary-password@proxy:1080\"",
        "tenant_id = \"t\"\nauxiliary_tenant_ids = [\"T\"]",
        "auxiliary_tenant_ids = [\"a\", \"b\", \"c\", \"d\"]",
    ];
    let mut report = String::new();
    for case in cases {
        setting.configure(case);
        report.push_str(&setting.workspace().expect_error(&["validate"]));
        report.push_str("\n\n");
    }
    setting.configure("");
    setting.env("ARM_USE_OIDC", "yes");
    // Terraform validates no empty block; a plan does.
    report.push_str(&setting.workspace().expect_error(&["plan"]));
    assert!(!report.contains("canary"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn what_is_not_known_yet_is_no_mistake_and_is_not_guessed() {
    let setting = Setting::new().with_secret();
    setting.workspace().write_file(
        "secret.tf",
        "resource \"terraform_data\" \"secret\" { input = \"canary-made-at-apply\" }\n",
    );
    setting.configure("client_secret = terraform_data.secret.output");
    setting.workspace().validate();
    let plan = setting.workspace().plan();
    assert_eq!(plan.change("lockeddown_cyclecloud_subnet.server").actions, ["create"]);
    assert_eq!(setting.emulator.requests().lines(), Vec::<String>::new());
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let setting = Setting::new();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/provider");
    let mut seen = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() == "provider.tf" {
            continue;
        }
        seen += 1;
        let required =
            "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n";
        let example = std::fs::read_to_string(&path).unwrap();
        setting.workspace().write(&format!("{required}{example}"));
        assert!(setting.workspace().validate().is_empty(), "{}", path.display());
    }
    assert_eq!(seen, 10);
}
