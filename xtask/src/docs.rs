//! `cargo xtask docs`: the reference pages in the Terraform Registry's layout, from the schemas, the examples and the README, and the guides.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{
    identity::IdentitySchema,
    provider::{Function, Parameter, Provider},
    schema::{Attribute, Nesting, Presence, Schema, Shape},
    value::Type,
};

use crate::{
    failure::{Failure, Result},
    progress,
};

/// The folders below `docs` that hold nothing but written pages.
const FOLDERS: [&str; 4] = ["data-sources", "functions", "guides", "resources"];

/// Writes the pages and removes what no page is; with `--check` only says whether they are what would be written.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let check = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--check"] => true,
        [unknown, ..] => {
            return Err(Failure::new(format!(
                "Unknown argument\n`docs` takes `--check` only; `{unknown}` was given."
            )));
        }
    };
    let docs = repository().join("docs");
    let pages = pages()?;
    let mut stale = Vec::new();
    for stray in strays(&docs, &pages)? {
        if !check {
            let removed = fs::remove_file(&stray);
            removed.map_err(Failure::while_doing(format!("`{}` cannot be removed", stray.display())))?;
            progress::say(&format!("removed {}", stray.display()));
        }
        stale.push(stray.display().to_string());
    }
    for (path, text) in pages {
        let path = docs.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if !check {
            write(&path, &text)?;
            progress::say(&format!("wrote {}", path.display()));
        }
        stale.push(path.display().to_string());
    }
    if check && !stale.is_empty() {
        let detail = format!(
            "Stale documentation\n{} differ from the schemas. Run `cargo xtask docs`.",
            stale.join(", ")
        );
        return Err(Failure::new(detail));
    }
    Ok(ExitCode::SUCCESS)
}

/// Files where the pages are written that no page is, such as those of a data source that is gone.
fn strays(docs: &Path, pages: &BTreeMap<String, String>) -> Result<BTreeSet<PathBuf>> {
    let mut strays = BTreeSet::new();
    for folder in FOLDERS.map(|folder| docs.join(folder)) {
        if folder.is_dir() {
            strays.extend(files(&folder)?);
        }
    }
    for page in pages.keys() {
        strays.remove(&docs.join(page));
    }
    Ok(strays)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = || Failure::while_doing(format!("`{}` cannot be read", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable())? {
        let path = entry.map_err(unreadable())?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn repository() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(Failure::while_doing(format!("`{}` cannot be written", path.display())))
}

fn pages() -> Result<BTreeMap<String, String>> {
    let provider = Lockeddown::new(|_| None);
    let mut pages = BTreeMap::from([("index.md".to_owned(), index(&provider.schema())?)]);
    for resource in provider.resources() {
        let name = resource.name();
        pages.insert(
            format!("resources/{}.md", short(&name)),
            object(&name, "Resource", &resource.schema())? + &import(&name, resource.identity_schema().as_ref())?,
        );
    }
    for source in provider.data_sources() {
        let name = source.name();
        pages.insert(
            format!("data-sources/{}.md", short(&name)),
            object(&name, "Data Source", &source.schema())?,
        );
    }
    for served in provider.functions() {
        pages.insert(format!("functions/{}.md", served.name()), function(served.as_ref())?);
    }
    pages.extend(crate::guides::pages(&repository())?);
    Ok(pages)
}

fn short(name: &str) -> &str {
    name.strip_prefix("lockeddown_").unwrap_or(name)
}

fn index(schema: &Schema) -> Result<String> {
    let mut page = front_matter("Provider: lockeddown", None, &schema.description);
    let _ = write!(page, "# lockeddown Provider\n\n{}\n", schema.description);
    page.push_str(&example("provider/provider.tf", "terraform")?);
    for (title, from, to) in [
        ("What there is", "Terraform 1.8", "The outputs have"),
        ("Guides", "- From the Microsoft page", "## "),
    ] {
        let _ = write!(page, "\n## {title}\n\n{}\n", of_the_readme(from, to)?);
    }
    page.push_str(AUTHENTICATION);
    for (title, text, file) in CREDENTIALS {
        let _ = write!(page, "\n### {title}\n\n{text}\n");
        page.push_str(&code(&format!("provider/{file}.tf"), "terraform")?);
    }
    page.push_str(&reference(schema));
    Ok(page)
}

/// What stands in the README from the line that begins with `from` to before the next that begins with `to`, its links as from `docs`.
fn of_the_readme(from: &str, to: &str) -> Result<String> {
    let path = repository().join("README.md");
    let text =
        fs::read_to_string(&path).map_err(Failure::while_doing(format!("`{}` cannot be read", path.display())))?;
    let lines = text.lines().skip_while(|line| !line.starts_with(from));
    let lines: Vec<&str> = lines.take_while(|line| !line.starts_with(to)).collect();
    if lines.is_empty() {
        let detail = format!(
            "A part of the README is missing\nNo line of `{}` begins with `{from}`.",
            path.display()
        );
        return Err(Failure::new(detail));
    }
    Ok(lines.join("\n").trim_end().replace("](docs/", "]("))
}

const AUTHENTICATION: &str = "
## Authentication

Arguments and `ARM_*` variables are azurerm's, and the first credential of this order that is configured is used: client certificate, client
secret, OpenID Connect token (given, of an Azure Pipelines service connection, of a pipeline like GitHub Actions), managed identity, Azure
CLI. If it fails, no other is tried. A credential that is begun and incomplete is an error; `use_oidc` and `use_aks_workload_identity` begin one.

An argument in the block replaces the variable of its counterpart too: `oidc_token_file_path` counts, whatever `ARM_OIDC_TOKEN` says. Nothing is
sent before a resource, or a data source that reads Azure, needs it.
";

/// Title, explanation and example of every credential, in the order in which they are considered; then the ways out.
const CREDENTIALS: [(&str, &str, &str); 10] = [
    (
        "Client certificate",
        "A PFX (PKCS#12) or PEM file with an RSA key; an elliptic key, an encrypted PEM key and an expired certificate are refused \
         before anything is sent.",
        "client-certificate",
    ),
    (
        "Client secret",
        "In `client_secret`, in `ARM_CLIENT_SECRET`, or in a file.",
        "client-secret",
    ),
    (
        "HCP Terraform",
        "Dynamic provider credentials. The token file is read again for every token, so an apply may outlast it.",
        "hcp-terraform",
    ),
    (
        "Azure Pipelines",
        "Workload identity federation of a service connection.",
        "azure-pipelines",
    ),
    (
        "GitHub Actions",
        "OpenID Connect. Other pipelines set `oidc_request_url` and `oidc_request_token`, or `oidc_token`.",
        "github-actions",
    ),
    (
        "AKS workload identity",
        "The identity of the pod that runs Terraform.",
        "aks-workload-identity",
    ),
    (
        "Managed identity",
        "Virtual machines, App Service, Functions and Container Apps; never asked through a proxy. It has no tokens of auxiliary \
         tenants.",
        "managed-identity",
    ),
    (
        "Azure CLI",
        "Whoever is signed in with `az login`; version 2.54 or newer.",
        "azure-cli",
    ),
    (
        "Proxies that inspect TLS",
        "HTTP and HTTPS proxies, without or with user and password (Basic); no NTLM, Kerberos, SOCKS or PAC.",
        "proxy",
    ),
    (
        "Clouds of your own",
        "The addresses of Azure Resource Manager, its tokens' audience and their issuer are read from the host when they are first \
         needed.",
        "own-cloud",
    ),
];

fn object(name: &str, kind: &str, schema: &Schema) -> Result<String> {
    let (folder, file) = match kind {
        "Resource" => ("resources", "resource.tf"),
        _ => ("data-sources", "data-source.tf"),
    };
    let title = format!("{name} {kind} - terraform-provider-lockeddown");
    let mut page = front_matter(&title, Some(""), &schema.description);
    let _ = write!(page, "# {name} ({kind})\n\n{}\n", schema.description);
    page.push_str(&example(&format!("{folder}/{name}/{file}"), "terraform")?);
    if kind == "Data Source" {
        for further in further_examples(&format!("{folder}/{name}"), file)? {
            page.push_str(&code(&further, "terraform")?);
        }
    }
    page.push_str(&reference(schema));
    Ok(page)
}

/// The ways to import a resource, the newest first, as tfplugindocs orders and words them.
fn import(name: &str, identity: Option<&IdentitySchema>) -> Result<String> {
    let file = |file: &str, language: &str| code(&format!("resources/{name}/{file}"), language);
    let block = "the [`import` block](https://developer.hashicorp.com/terraform/language/import) can be used with the";
    let mut text = "\n## Import\n\nImport is supported using the following syntax:\n".to_owned();
    if let Some(identity) = identity {
        let _ = write!(
            text,
            "\nIn Terraform v1.12.0 and later, {block} `identity` attribute, for example:\n"
        );
        text.push_str(&file("import-by-identity.tf", "terraform")?);
        text.push_str(&identity_reference(identity));
    }
    let _ = write!(
        text,
        "\nIn Terraform v1.5.0 and later, {block} `id` attribute, for example:\n"
    );
    text.push_str(&file("import-by-string-id.tf", "terraform")?);
    text.push_str(
        "\nThe [`terraform import` command](https://developer.hashicorp.com/terraform/cli/commands/import) can be used, for example:\n",
    );
    text.push_str(&file("import.sh", "shell")?);
    Ok(text)
}

fn identity_reference(identity: &IdentitySchema) -> String {
    let mut text = "\n<!-- schema generated by tfplugindocs -->\n### Identity Schema\n".to_owned();
    for (title, required) in [("Required", true), ("Optional", false)] {
        let members = identity.attributes.iter();
        let members: Vec<_> = members
            .filter(|(_, attribute)| attribute.required_for_import == required)
            .collect();
        if members.is_empty() {
            continue;
        }
        let _ = write!(text, "\n#### {title}\n\n");
        for (name, attribute) in members {
            let _ = writeln!(
                text,
                "- `{name}` ({}) {}",
                plain_type_name(&attribute.ty),
                attribute.description
            );
        }
    }
    text
}

/// The other configurations beside an object's main example.
fn further_examples(folder: &str, main: &str) -> Result<Vec<String>> {
    let place = repository().join("examples").join(folder);
    let entries =
        fs::read_dir(&place).map_err(Failure::while_doing(format!("`{}` cannot be read", place.display())))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut further: Vec<String> = names
        .filter(|name| name.ends_with(".tf") && name != main)
        .map(|name| format!("{folder}/{name}"))
        .collect();
    further.sort();
    Ok(further)
}

fn function(function: &dyn Function) -> Result<String> {
    let (name, signature) = (function.name(), function.signature());
    let title = format!("{name} function - terraform-provider-lockeddown");
    let mut page = front_matter(&title, Some(""), &signature.summary);
    let _ = write!(page, "# function: {name}\n\n{}\n", signature.description);
    page.push_str(&example(&format!("functions/{name}/function.tf"), "terraform")?);
    let typed = |parameter: &Parameter| format!("{} {}", parameter.name, signature_type(&parameter.ty));
    let mut parameters: Vec<String> = signature.parameters.iter().map(typed).collect();
    parameters.extend(
        signature
            .variadic
            .iter()
            .map(|variadic| format!("{}...", typed(variadic))),
    );
    let _ = write!(
        page,
        "\n## Signature\n\n<!-- signature generated by tfplugindocs -->\n```text\n{name}({}) {}\n```\n",
        parameters.join(", "),
        signature_type(&signature.returns)
    );
    page.push_str("\n## Arguments\n\n<!-- arguments generated by tfplugindocs -->\n");
    for (position, parameter) in signature.parameters.iter().enumerate() {
        let _ = writeln!(page, "{}. {}", position + 1, argument(parameter, ""));
    }
    if let Some(variadic) = &signature.variadic {
        let position = signature.parameters.len() + 1;
        page.push_str("<!-- variadic argument generated by tfplugindocs -->\n");
        let _ = writeln!(page, "{position}. {}", argument(variadic, "Variadic, "));
    }
    if let Type::Object(attributes) = &signature.returns {
        page.push_str("\n## Return Type\n\nAn object:\n\n");
        for (name, ty) in attributes.iter() {
            let _ = writeln!(page, "- `{name}` ({})", plain_type_name(ty));
        }
    }
    Ok(page)
}

fn argument(parameter: &Parameter, how: &str) -> String {
    let nullable = if parameter.allow_null { ", Nullable" } else { "" };
    let ty = plain_type_name(&parameter.ty);
    format!("`{}` ({how}{ty}{nullable}) {}", parameter.name, parameter.description)
}

/// A type as the signature line of a function names it.
fn signature_type(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Dynamic => "dynamic".to_owned(),
        Type::List(element) => format!("list of {}", signature_type(element)),
        Type::Set(element) => format!("set of {}", signature_type(element)),
        Type::Map(element) => format!("map of {}", signature_type(element)),
        Type::Object(_) => "object".to_owned(),
        Type::Tuple(_) => "tuple".to_owned(),
    }
}

fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let first = description.lines().next().unwrap_or_default();
    let subcategory = subcategory.map_or_else(String::new, |name| format!("subcategory: \"{name}\"\n"));
    format!("---\npage_title: \"{title}\"\n{subcategory}description: |-\n  {first}\n---\n\n")
}

fn example(path: &str, language: &str) -> Result<String> {
    Ok(format!("\n## Example Usage\n{}", code(path, language)?))
}

fn code(path: &str, language: &str) -> Result<String> {
    let path = repository().join("examples").join(path);
    let text = fs::read_to_string(&path);
    let text = text.map_err(Failure::while_doing(format!(
        "the example `{}` is missing",
        path.display()
    )))?;
    Ok(format!("\n```{language}\n{}\n```\n", text.trim_end()))
}

/// The schema section, in the shape that tfplugindocs made familiar.
fn reference(schema: &Schema) -> String {
    let mut text = "\n<!-- schema generated by tfplugindocs -->\n## Schema\n".to_owned();
    let mut nested = Vec::new();
    groups(&schema.block.attributes, "", &mut text, &mut nested);
    // Sections of nested attributes may have nested ones of their own.
    let mut position = 0;
    while let Some((anchor, title, attributes)) = nested.get(position).cloned() {
        let _ = write!(
            text,
            "\n<a id=\"nestedatt--{anchor}\"></a>\n### Nested Schema for `{title}`\n"
        );
        groups(&attributes, &anchor, &mut text, &mut nested);
        position += 1;
    }
    text
}

/// Whoever reads of waivers looks for what can be waived.
const WAIVABLE: &str = " The checks are listed [here](../guides/troubleshooting.md#checks-that-can-be-waived).";

type Section = (String, String, BTreeMap<String, Attribute>);

fn groups(attributes: &BTreeMap<String, Attribute>, parent: &str, text: &mut String, nested: &mut Vec<Section>) {
    let [required, optional, read_only] = if parent.is_empty() {
        ["### Required", "### Optional", "### Read-Only"]
    } else {
        ["Required:", "Optional:", "Read-Only:"]
    };
    let groups = [
        (required, [Presence::Required].as_slice()),
        (optional, &[Presence::Optional, Presence::OptionalComputed]),
        (read_only, &[Presence::Computed]),
    ];
    for (title, presences) in groups {
        let members: Vec<_> = attributes
            .iter()
            .filter(|(_, attribute)| presences.contains(&attribute.presence))
            .collect();
        if members.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{title}\n\n");
        for (name, attribute) in members {
            let mut line = format!("- `{name}` ({}", type_name(attribute));
            if attribute.sensitive {
                line.push_str(", Sensitive");
            }
            if attribute.write_only {
                line.push_str(", [Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)");
            }
            let _ = write!(line, ") {}", attribute.description);
            if name == "waived_requirements" {
                line.push_str(WAIVABLE);
            }
            if let Shape::Nested(_, inner) = &attribute.shape {
                let anchor = if parent.is_empty() {
                    name.clone()
                } else {
                    format!("{parent}--{name}")
                };
                let _ = write!(line, " (see [below for nested schema](#nestedatt--{anchor}))");
                nested.push((anchor.clone(), anchor.replace("--", "."), inner.clone()));
            }
            let _ = writeln!(text, "{line}");
        }
    }
}

fn type_name(attribute: &Attribute) -> String {
    match &attribute.shape {
        Shape::Plain(ty) => plain_type_name(ty),
        Shape::Nested(Nesting::Single, _) => "Attributes".to_owned(),
        Shape::Nested(Nesting::List, _) => "Attributes List".to_owned(),
        Shape::Nested(Nesting::Set, _) => "Attributes Set".to_owned(),
        Shape::Nested(Nesting::Map, _) => "Attributes Map".to_owned(),
    }
}

fn plain_type_name(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", plain_type_name(element)),
        Type::Set(element) => format!("Set of {}", plain_type_name(element)),
        Type::Map(element) => format!("Map of {}", plain_type_name(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_page_is_is_a_stray_and_what_is_written_by_hand_is_not() {
        let home = tempfile::tempdir().unwrap();
        let docs = home.path();
        for folder in FOLDERS {
            fs::create_dir(docs.join(folder)).unwrap();
        }
        for file in [
            "architecture.md",
            "guides/kept.md",
            "guides/renamed.md",
            "resources/gone.md",
        ] {
            fs::write(docs.join(file), "").unwrap();
        }
        let pages = BTreeMap::from([("guides/kept.md".to_owned(), String::new())]);
        let expected = ["guides/renamed.md", "resources/gone.md"].map(|file| docs.join(file));
        assert_eq!(strays(docs, &pages).unwrap(), BTreeSet::from(expected));
    }
}
