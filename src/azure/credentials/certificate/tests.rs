//! The fixtures were made by OpenSSL 3, `legacy.pfx` and `key-vault.pfx` with its old algorithms; their keys open nothing.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::*;

const PASSWORD: &str = "canary-password";

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn every_kind_of_file_gives_a_certificate_that_signs() {
    let files: [(&str, &[u8], &str); 5] = [
        ("AES", include_bytes!("fixtures/modern.pfx"), PASSWORD),
        ("RC2 and 3DES", include_bytes!("fixtures/legacy.pfx"), PASSWORD),
        ("3DES without password", include_bytes!("fixtures/key-vault.pfx"), ""),
        (
            "PEM with another certificate first",
            include_bytes!("fixtures/chain.pem"),
            "",
        ),
        (
            "PEM with a traditional key",
            include_bytes!("fixtures/traditional.pem"),
            "",
        ),
    ];
    for (name, content, password) in files {
        let certificate = Certificate::read(content, Some(&Secret::new(password))).expect(name);
        let assertion = certificate
            .assertion("client", "https://authority/tenant/oauth2/v2.0/token")
            .unwrap();
        let [header, claims, signature] = assertion.split('.').collect::<Vec<_>>()[..] else {
            panic!("{assertion}")
        };
        let (head, body) = (decoded(header), decoded(claims));
        let leaf = general_purpose::STANDARD
            .decode(head["x5c"][0].as_str().unwrap())
            .unwrap();
        let (_, parsed) = X509Certificate::from_der(&leaf).unwrap();
        assert_eq!(parsed.subject().to_string(), "CN=lockeddown test", "{name}");
        let key = UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            &parsed.public_key().subject_public_key.data,
        );
        let signature = general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap();
        key.verify(format!("{header}.{claims}").as_bytes(), &signature)
            .expect(name);
        assert_eq!(head["alg"], "RS256");
        assert_eq!((&body["iss"], &body["sub"]), (&"client".into(), &"client".into()));
        assert_eq!(body["aud"], "https://authority/tenant/oauth2/v2.0/token");
        assert!(body["exp"].as_u64() > body["nbf"].as_u64());
    }
}

#[test]
fn no_two_assertions_are_the_same() {
    let certificate = Certificate::read(include_bytes!("fixtures/chain.pem"), None).unwrap();
    let assertion = || certificate.assertion("client", "audience").unwrap();
    assert_ne!(assertion(), assertion());
}

#[test]
fn what_cannot_be_used_is_said_plainly_and_shows_nothing() {
    let files: [(&[u8], Option<&str>, &str); 8] = [
        (
            include_bytes!("fixtures/modern.pfx"),
            Some("canary-wrong"),
            "its password is another one",
        ),
        (
            include_bytes!("fixtures/modern.pfx"),
            None,
            "its password is another one",
        ),
        (include_bytes!("fixtures/elliptic.pfx"), None, "no RSA key"),
        (
            include_bytes!("fixtures/encrypted.pem"),
            None,
            "supported in PFX files only",
        ),
        (
            include_bytes!("fixtures/stranger.pem"),
            None,
            "none of its 1 certificates belongs to its private key",
        ),
        (b"canary", None, "neither PEM nor a PKCS#12"),
        (b"", None, "neither PEM nor a PKCS#12"),
        (
            b"-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n",
            None,
            "no private key",
        ),
    ];
    for (content, password, reason) in files {
        let error = Certificate::read(content, password.map(Secret::new).as_ref()).expect_err(reason);
        assert!(error.contains(reason) && !error.contains("canary"), "{error}");
    }
}

#[test]
fn a_truncated_file_is_an_error_and_nothing_worse() {
    for content in [
        &include_bytes!("fixtures/modern.pfx")[..],
        &include_bytes!("fixtures/legacy.pfx")[..],
        &include_bytes!("fixtures/chain.pem")[..1600],
    ] {
        for end in (0..content.len()).step_by(97) {
            let password = Secret::new(PASSWORD);
            assert!(Certificate::read(&content[..end], Some(&password)).is_err(), "{end}");
        }
    }
}
