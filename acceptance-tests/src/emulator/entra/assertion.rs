//! Client assertions: what stands for a secret, and everything Entra checks of it.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};

use aws_lc_rs::{digest, signature};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// How far clocks may be apart.
const SKEW: u64 = 300;

/// Entra takes no assertion that is valid for longer.
const LONGEST: u64 = 24 * 3_600;

/// What an application accepts besides its secret.
#[derive(Default)]
pub(super) struct Trust {
    /// Certificates of the application.
    certificates: Vec<Certificate>,
    /// Tokens that other issuers gave, those of the application's federated credentials.
    identity_tokens: Vec<IdentityToken>,
    /// Assertions are good for once.
    used: BTreeSet<String>,
}

struct Certificate {
    thumbprint: String,
    /// `RSAPublicKey` of PKCS#1.
    public_key: Vec<u8>,
}

struct IdentityToken {
    token: String,
    audience: String,
    expires: Instant,
}

/// A refusal: code and text.
pub(super) type Refused = (u32, String);

impl Trust {
    pub(super) fn add_certificate(&mut self, der: &[u8], public_key: &[u8]) {
        self.certificates.push(Certificate {
            thumbprint: thumbprint(der),
            public_key: public_key.to_vec(),
        });
    }

    pub(super) fn add_identity_token(&mut self, token: String, audience: String, expires: Instant) {
        self.identity_tokens.push(IdentityToken {
            token,
            audience,
            expires,
        });
    }

    pub(super) fn revoke_identity_token(&mut self, token: &str) {
        self.identity_tokens.retain(|known| known.token != token);
    }

    /// Checks an assertion of `client` that was sent to `endpoint`.
    pub(super) fn check(&mut self, assertion: &str, client: &str, endpoint: &str) -> Result<(), Refused> {
        if let Some(token) = self.identity_tokens.iter().find(|token| token.token == assertion) {
            return federated(token);
        }
        let malformed = || refuse(50_027, "JWT token is invalid or malformed.");
        let mut parts = assertion.split('.');
        let (Some(header), Some(claims), Some(signed), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let (head, body) = (json(header).ok_or_else(malformed)?, json(claims).ok_or_else(malformed)?);
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let signature = URL_SAFE_NO_PAD.decode(signed).map_err(|_| malformed())?;
        // What no certificate of the application is named in comes from another issuer.
        if text(&head, "x5t").is_empty() {
            return Err(refuse(
                700_211,
                "No matching federated identity record found for presented assertion issuer.",
            ));
        }
        let certificate = self
            .certificates
            .iter()
            .find(|certificate| certificate.thumbprint == text(&head, "x5t"))
            .ok_or_else(|| {
                refuse(
                    700_027,
                    "The certificate with identifier used to sign the client assertion is not registered on application.",
                )
            })?;
        let key = signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &certificate.public_key);
        let message = format!("{header}.{claims}");
        if text(&head, "alg") != "RS256" || key.verify(message.as_bytes(), &signature).is_err() {
            return Err(refuse(
                700_027,
                "Client assertion failed signature validation. The key was found, but use of the key to verify the signature failed.",
            ));
        }
        let leaf = head.pointer("/x5c/0").and_then(Value::as_str).unwrap_or_default();
        let leaf = base64::engine::general_purpose::STANDARD.decode(leaf);
        if !leaf.is_ok_and(|der| thumbprint(&der) == certificate.thumbprint) {
            return Err(refuse(
                700_027,
                "The x5c header does not begin with the certificate of x5t.",
            ));
        }
        if text(&body, "iss") != client || text(&body, "sub") != client {
            return Err(refuse(
                700_021,
                "Client assertion application identifier doesn't match 'client_id' parameter.",
            ));
        }
        if text(&body, "aud") != endpoint {
            return Err(refuse(
                700_023,
                "Client assertion audience claim does not match Realm issuer.",
            ));
        }
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let timely = number("exp").is_some_and(|exp| exp > now && exp <= now + LONGEST)
            && number("nbf").is_none_or(|nbf| nbf <= now + SKEW);
        if !timely {
            return Err(refuse(700_024, "Client assertion is not within its valid time range."));
        }
        let id = text(&body, "jti");
        if id.is_empty() || !self.used.insert(id) {
            return Err(refuse(700_025, "The assertion has no id, or one that was used before."));
        }
        Ok(())
    }
}

fn federated(token: &IdentityToken) -> Result<(), Refused> {
    if token.audience != super::AUDIENCE {
        return Err(refuse(
            700_212,
            "No matching federated identity record found for presented assertion audience.",
        ));
    }
    if token.expires <= Instant::now() {
        return Err(refuse(700_024, "Client assertion is not within its valid time range."));
    }
    Ok(())
}

fn refuse(code: u32, text: &str) -> Refused {
    (code, format!("AADSTS{code}: {text}"))
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn thumbprint(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der))
}
