//! The HTTP client of the settings: their proxy and no other, their certificate authorities beside the platform's.

use std::{fs, path::Path, sync::Arc, time::Duration};

use azure_core::{
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Request, Url},
};

use super::{
    settings::{ConnectionSettings, SettingsError},
    tunnel::{ProxyRefusal, Tunnel},
};

/// A corporate proxy can take its time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Azure answers a PUT within seconds, and a synchronous one within a minute.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// An HTTP client whose errors say what a proxy answered.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    tunnel: Option<Arc<Tunnel>>,
}

impl Http {
    /// The client of these settings. Connects to nothing.
    pub(super) fn of(settings: &ConnectionSettings) -> Result<Http, SettingsError> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // ARM redirects nobody; a redirect that is followed takes the token along.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true)
            // The environment's proxy is one of the settings.
            .no_proxy();
        let mut tunnel = None;
        if let Some(address) = &settings.proxy_url {
            let address = address.expose();
            // The error would show the address, and the address may have a password.
            let refuse = |_| SettingsError::Proxy("it is no address of a proxy".to_owned());
            let proxy = reqwest::Proxy::all(address).map_err(refuse)?;
            let except = settings.no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
            builder = builder.proxy(proxy.no_proxy(except));
            tunnel = Tunnel::through(address).map(Arc::new);
        }
        if let Some(path) = settings.ca_bundle.as_deref() {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let client = builder
            .build()
            .map_err(|error| SettingsError::HttpClient(with_causes(&error)))?;
        Ok(Http { client, tunnel })
    }

    /// A request to begin with; [`send`](Self::send) sends it.
    pub(super) fn get(&self, url: Url) -> reqwest::RequestBuilder {
        self.client.get(url)
    }

    /// A request to begin with; [`send`](Self::send) sends it.
    pub(super) fn post(&self, url: Url) -> reqwest::RequestBuilder {
        self.client.post(url)
    }

    /// Sends a request of our own, one that Azure's pipeline knows nothing of.
    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> azure_core::Result<reqwest::Response> {
        let request = request.build().map_err(transport)?;
        let url = request.url().clone();
        match self.client.execute(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.told_apart(transport(error), &url).await),
        }
    }

    /// The error, with the proxy's status where a proxy did not connect us to `url`.
    async fn told_apart(&self, error: azure_core::Error, url: &Url) -> azure_core::Error {
        // hyper-util's words; it has no type for them.
        let causes = with_causes(&error);
        let status = if causes.contains("tunnel error: proxy authorization required") {
            Some(407)
        } else if causes.contains("tunnel error: unsuccessful") {
            match &self.tunnel {
                Some(tunnel) => tunnel.refusal(url).await,
                None => None,
            }
        } else {
            return error;
        };
        azure_core::Error::new(ErrorKind::Connection, ProxyRefusal { status })
    }
}

#[async_trait::async_trait]
impl HttpClient for Http {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        match self.client.execute_request(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.told_apart(error, request.url()).await),
        }
    }
}

/// A request of our own that got no answer, or not the whole of one.
pub(super) fn transport(error: reqwest::Error) -> azure_core::Error {
    let kind = if error.is_connect() {
        ErrorKind::Connection
    } else {
        ErrorKind::Io
    };
    azure_core::Error::new(kind, error)
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, SettingsError> {
    let refuse = |reason: String| SettingsError::CaBundle {
        path: path.to_owned(),
        reason,
    };
    let pem = fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| refuse(with_causes(&error)))?;
    if certificates.is_empty() {
        return Err(refuse("it holds no PEM certificate".to_owned()));
    }
    Ok(certificates)
}

/// The error with its causes down to the root.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
