//! A client certificate, and the signed assertions that prove we hold its key.
//!
//! `azure_identity`'s own certificate credential needs the system's OpenSSL; this one signs with the library TLS uses anyway. PFX
//! (PKCS#12; also the old RC2 and 3DES kinds that Windows and Key Vault still export) and PEM, RSA only, as Entra takes nothing
//! else: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use aws_lc_rs::{
    digest,
    rand::{SecureRandom, SystemRandom},
    rsa::{KeyPair, PublicKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::{Engine, engine::general_purpose};
use p12_keystore::Pkcs12Archive;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::json;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{super::secret::Secret, failure};

/// Entra takes assertions of at most a day; ten minutes are Microsoft's recommendation.
const LIFETIME: Duration = Duration::from_secs(600);

/// A clock may be ahead of Entra's by this much.
const SKEW: Duration = Duration::from_secs(300);

/// A certificate with its key and the certificates of its issuers.
pub(super) struct Certificate {
    key: KeyPair,
    /// DER; ours comes first.
    chain: Vec<Vec<u8>>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a PFX or PEM file's content. The error is one sentence without anything of the content.
    pub(super) fn read(content: &[u8], password: Option<&Secret>) -> Result<Certificate, String> {
        let (key, certificates) = if content.trim_ascii_start().starts_with(b"-----BEGIN")
            || content.windows(11).any(|window| window == b"\n-----BEGIN")
        {
            pem(content)?
        } else {
            pfx(content, password.map(Secret::expose).unwrap_or_default())?
        };
        let public = key.public_key().clone();
        let position = certificates
            .iter()
            .position(|certificate| is_of(certificate, &public))
            .ok_or_else(|| {
                format!(
                    "none of its {} certificates belongs to its private key",
                    certificates.len()
                )
            })?;
        let mut chain = certificates;
        chain.swap(0, position);
        let certificate = Certificate { key, chain };
        certificate.check_validity()?;
        Ok(certificate)
    }

    /// Entra answers to an expired certificate only in riddles.
    fn check_validity(&self) -> Result<(), String> {
        let unreadable = || "its certificate is no X.509 certificate".to_owned();
        let der = self.chain.first().ok_or_else(unreadable)?;
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| unreadable())?;
        let validity = parsed.validity();
        let seconds = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        let skew = i64::try_from(SKEW.as_secs()).unwrap_or_default();
        if seconds > validity.not_after.timestamp() {
            return Err(format!("the certificate expired on {}", validity.not_after));
        }
        if seconds + skew < validity.not_before.timestamp() {
            return Err(format!("the certificate is valid only from {}", validity.not_before));
        }
        Ok(())
    }

    /// A new assertion: a JSON Web Token signed with the key, for one token request at `audience`.
    fn assertion(&self, client_id: &str, audience: &str) -> Result<String, String> {
        let mut id = [0_u8; 16];
        SystemRandom::new()
            .fill(&mut id)
            .map_err(|_| "no random numbers on this machine".to_owned())?;
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| "the clock of this machine is before 1970".to_owned())?;
        let leaf = self.chain.first().map(Vec::as_slice).unwrap_or_default();
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, leaf);
        let header = json!({
            "alg": "RS256",
            "typ": "JWT",
            "x5t": url(thumbprint.as_ref()),
            // With the chain, an application may trust subject and issuer instead of one thumbprint, and rotation needs nobody.
            "x5c": self.chain.iter().map(|der| general_purpose::STANDARD.encode(der)).collect::<Vec<_>>(),
        });
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": url(&id),
            "nbf": now.saturating_sub(SKEW).as_secs(),
            "exp": (now + LIFETIME).as_secs(),
        });
        let signed = format!(
            "{}.{}",
            url(header.to_string().as_bytes()),
            url(claims.to_string().as_bytes())
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| "the private key does not sign".to_owned())?;
        Ok(format!("{signed}.{}", url(&signature)))
    }
}

fn pfx(content: &[u8], password: &str) -> Result<(KeyPair, Vec<Vec<u8>>), String> {
    let archive = Pkcs12Archive::from_pkcs12(content, password).map_err(|error| {
        use p12_keystore::error::Error;
        match error {
            Error::MacError(_) => "its password is another one (`client_certificate_password`)".to_owned(),
            Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
                "it is encrypted in a way that is not supported; AES, 3DES and RC2 are".to_owned()
            }
            error => format!("it is neither PEM nor a PKCS#12 (PFX) file: {error}"),
        }
    })?;
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    let [bag] = archive.keys.as_slice() else {
        return Err(format!(
            "it must hold one private key, and holds {}",
            archive.keys.len()
        ));
    };
    let key = KeyPair::from_pkcs8(bag.key.as_der()).map_err(|_| not_rsa())?;
    Ok((key, certificates))
}

fn pem(content: &[u8]) -> Result<(KeyPair, Vec<Vec<u8>>), String> {
    let encrypted = b"ENCRYPTED";
    let certificates = CertificateDer::pem_slice_iter(content)
        .map(|certificate| certificate.map(|certificate| certificate.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("it is no PEM file: {error}"))?;
    let key = match PrivateKeyDer::from_pem_slice(content) {
        Ok(PrivateKeyDer::Pkcs1(key)) => KeyPair::from_der(key.secret_pkcs1_der()),
        Ok(PrivateKeyDer::Pkcs8(key)) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
        Ok(_) => return Err(not_rsa()),
        Err(_) if content.windows(encrypted.len()).any(|window| window == encrypted) => {
            return Err("its private key is encrypted, which is supported in PFX files only".to_owned());
        }
        Err(_) => return Err("it holds no private key".to_owned()),
    };
    Ok((key.map_err(|_| not_rsa())?, certificates))
}

fn not_rsa() -> String {
    "its private key is no RSA key of 2048 to 8192 bits; Entra takes no other".to_owned()
}

fn is_of(certificate: &[u8], key: &PublicKey) -> bool {
    let parsed = X509Certificate::from_der(certificate);
    // Both are the `RSAPublicKey` of PKCS#1.
    parsed.is_ok_and(|(_, parsed)| parsed.public_key().subject_public_key.data.as_ref() == key.as_ref())
}

fn url(bytes: &[u8]) -> String {
    general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs an assertion for every token request.
#[derive(Debug)]
pub(super) struct SignedAssertion {
    pub(super) certificate: std::sync::Arc<Certificate>,
    pub(super) client_id: String,
    /// The token endpoint.
    pub(super) audience: String,
}

#[async_trait::async_trait]
impl ClientAssertion for SignedAssertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.certificate
            .assertion(&self.client_id, &self.audience)
            .map_err(failure)
    }
}

#[cfg(test)]
mod tests;
