//! What is wrong with a provider block, said before anything is sent.

use base64::{Engine, engine::general_purpose};
use tfplugin_rs::{diagnostic::Diagnostics, value::Path};

use super::{
    arguments::{Given, PAIRS, Read},
    cloud,
};
use crate::requirements::Edition;

/// Azure takes no more.
const MOST_AUXILIARY_TENANTS: usize = 3;

/// Checks what is known.
pub(super) fn validate(read: &Read<'_>, diagnostics: &mut Diagnostics) {
    if let Given::Value(text, _) = read.get("environment")
        && let Err(error) = cloud(&text)
    {
        diagnostics.error_at(
            Path::attribute("environment"),
            "Unknown environment",
            format!("{error}."),
        );
    }
    if let Given::Value(text, _) = read.get("edition")
        && let Err(error) = text.parse::<Edition>()
    {
        diagnostics.error_at(Path::attribute("edition"), "Unknown edition", format!("{error}."));
    }
    pairs(read, diagnostics);
    flags(read, diagnostics);
    addresses(read, diagnostics);
    tenants(read, diagnostics);
    certificate(read, diagnostics);
}

fn pairs(read: &Read<'_>, diagnostics: &mut Diagnostics) {
    for (value, file) in PAIRS {
        // What is not known yet may turn out to be null.
        let is_said = |name| matches!(read.get(name), Given::Value(_, None));
        if is_said(value) && is_said(file) {
            let detail = format!("`{value}` and `{file}` say the same thing in two ways: set one of them.");
            diagnostics.error_at(Path::attribute(file), "Contradictory arguments", detail);
        }
    }
}

fn flags(read: &Read<'_>, diagnostics: &mut Diagnostics) {
    for name in ["use_oidc", "use_aks_workload_identity", "use_msi", "use_cli"] {
        if let Given::Value(Err(text), variable) = read.get_flag(name) {
            let variable = variable.unwrap_or(name);
            let detail = format!("`{variable}` is `{text}`: it must be `true` or `false`.");
            diagnostics.error_at(Path::attribute(name), "Neither true nor false", detail);
        }
    }
    let on = |name| matches!(read.get_flag(name), Given::Value(Ok(true), _)) && read.is_in_block(name);
    if on("use_aks_workload_identity") && on("use_msi") {
        let detail = "`use_aks_workload_identity` and `use_msi` are two identities: set one of them.";
        diagnostics.error_at(Path::attribute("use_msi"), "Contradictory arguments", detail);
    }
}

fn addresses(read: &Read<'_>, diagnostics: &mut Diagnostics) {
    for name in [
        "resource_manager_endpoint",
        "active_directory_authority_host",
        "oidc_request_url",
    ] {
        if let Given::Value(text, _) = read.get(name)
            && !text.starts_with("https://")
        {
            let shown = text.split('?').next().unwrap_or_default();
            let detail =
                format!("`{name}` is `{shown}`: tokens are only sent over TLS, so it must begin with `https://`.");
            diagnostics.error_at(Path::attribute(name), "Not an HTTPS address", detail);
        }
    }
    if let Given::Value(text, _) = read.get("msi_endpoint")
        && !(text.starts_with("http://") || text.starts_with("https://"))
    {
        let detail = format!("`msi_endpoint` is `{text}`: it must begin with `http://` or `https://`.");
        diagnostics.error_at(Path::attribute("msi_endpoint"), "Not an address", detail);
    }
    if let Given::Value(text, _) = read.get("metadata_host")
        && text.contains('/')
    {
        let detail = format!(
            "`metadata_host` is `{text}`: it must be a host such as `management.stamp.corp.example`, with a port if need be, \
             and nothing before or after it."
        );
        diagnostics.error_at(Path::attribute("metadata_host"), "Not a host", detail);
    }
    // Neither the address nor its line, which Terraform quotes under a path: there may be a password in it.
    if let Given::Value(text, variable) = read.get("proxy_url")
        && let Some((scheme, _)) = text.split_once("://")
        && !["http", "https"].contains(&scheme)
    {
        let origin = variable.unwrap_or("proxy_url");
        let detail =
            format!("`{origin}` begins with `{scheme}://`: only `http://` and `https://` proxies are supported.");
        diagnostics.error("Unsupported kind of proxy", detail);
    }
}

fn tenants(read: &Read<'_>, diagnostics: &mut Diagnostics) {
    let path = || Path::attribute("auxiliary_tenant_ids");
    let Given::Value(tenants, _) = read.get_list("auxiliary_tenant_ids") else {
        return;
    };
    if tenants.len() > MOST_AUXILIARY_TENANTS {
        let detail = format!(
            "`auxiliary_tenant_ids` has {} entries: Azure takes tokens of at most {MOST_AUXILIARY_TENANTS} other tenants.",
            tenants.len()
        );
        diagnostics.error_at(path(), "Too many tenants", detail);
    }
    for tenant in &tenants {
        if read
            .value("tenant_id")
            .is_some_and(|own| own.eq_ignore_ascii_case(tenant))
        {
            let detail = format!("`{tenant}` is `tenant_id` already: list other tenants only.");
            diagnostics.error_at(path(), "Contradictory arguments", detail);
        }
    }
}

/// Neither the text is shown nor its line, which Terraform would quote under a path.
fn certificate(read: &Read<'_>, diagnostics: &mut Diagnostics) {
    if let Given::Value(text, variable) = read.get("client_certificate") {
        let text: String = text.split_whitespace().collect();
        if general_purpose::STANDARD.decode(text).is_err() {
            let origin = variable.unwrap_or("client_certificate");
            let detail = format!(
                "`{origin}` must be a PFX file in Base64, such as `filebase64(\"client.pfx\")` gives. For a path there is \
                 `client_certificate_path`."
            );
            diagnostics.error("Not Base64", detail);
        }
    }
}
