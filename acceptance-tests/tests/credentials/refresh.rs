//! Applies that last longer than a token.

use std::time::Duration;

use acceptance_tests::emulator::Options;

use crate::setting::Setting;

/// Each write takes longer than a token lives.
fn long_apply() -> Setting {
    let setting = Setting::with(Options {
        operation_duration: Duration::from_millis(1500),
        retry_after: Some(1),
        ..Options::default()
    });
    setting.emulator.set_token_lifetime(Duration::from_secs(1));
    setting
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let mut setting = long_apply().with_secret();
    setting.applies();
    assert!(setting.token_requests() > 2, "{}", setting.token_requests());
    let refused = setting.emulator.requests().only(|request| request.status == Some(401));
    assert_eq!(refused.lines(), Vec::<String>::new());
}

#[test]
fn a_token_file_is_read_again_for_every_token() {
    let mut setting = long_apply().principal();
    let tokens: Vec<String> = (0..2)
        .map(|_| setting.emulator.identity_token(Duration::from_secs(3600)))
        .collect();
    let path = setting.secret_file("token", &tokens[0]);
    setting.canary(&tokens[1]);
    setting.env("ARM_USE_OIDC", "true");
    setting.env("ARM_OIDC_TOKEN_FILE_PATH", &path);
    setting.workspace().plan();
    // Its issuer renews the file while the apply runs; the old token is worth nothing from then on.
    let (emulator, workspace) = (&setting.emulator, setting.workspace());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while emulator.requests().on("POST", "oauth2/v2.0/token").is_empty() {
                std::thread::yield_now();
            }
            std::fs::write(&path, &tokens[1]).unwrap();
            emulator.revoke_identity_token(&tokens[0]);
        });
        workspace
            .run(&["apply", "-json", "-input=false", "plan.tfplan"])
            .expect_success();
    });
    assert!(setting.token_requests() > 2);
}
