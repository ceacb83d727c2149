//! A certificate authority that lives as long as the emulator, and the certificate for `localhost` it issues.
//!
//! Azure's clients refuse to send a bearer token over plain HTTP, so the emulator has to be trusted over TLS, and only by
//! those who are told to: its authority is new at every start and its key is never written anywhere.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::StartError;

/// What the server presents, and what a client must trust.
pub(super) struct Identity {
    pub(super) authority_pem: String,
    pub(super) server: Arc<ServerConfig>,
}

/// Makes a new authority and a server certificate for `localhost` and the loopback addresses.
pub(super) fn issue() -> Result<Identity, StartError> {
    let certificate_failed = |error: rcgen::Error| StartError::Certificate(error.to_string());

    let mut authority = CertificateParams::new(Vec::new()).map_err(certificate_failed)?;
    authority
        .distinguished_name
        .push(DnType::CommonName, "ARM emulator, not for production");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    // OpenSSL's strict mode, which Python 3.13 turns on, demands the key usages and the key identifiers.
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate().map_err(certificate_failed)?;
    let authority_certificate = authority.self_signed(&authority_key).map_err(certificate_failed)?;
    let issuer = Issuer::new(authority, authority_key);

    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut server = CertificateParams::new(names).map_err(certificate_failed)?;
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate().map_err(certificate_failed)?;
    let server_certificate = server.signed_by(&server_key, &issuer).map_err(certificate_failed)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let tls_failed = |error: rustls::Error| StartError::Certificate(error.to_string());
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(tls_failed)?
        .with_no_client_auth()
        .with_single_cert(vec![server_certificate.der().clone()], key)
        .map_err(tls_failed)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity {
        authority_pem: authority_certificate.pem(),
        server: Arc::new(config),
    })
}
