//! `lockeddown_cyclecloud_project_bundle`: a CycleCloud project packed for a server that cannot reach GitHub.

mod archive;
mod contents;

use std::path::Path as File;

use base64::Engine;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use self::contents::Contents;

/// The requirements it serves.
const REQUIREMENTS: [&str; 3] = ["CC-STAGING-COPY", "CC-STAGING-FETCH", "CC-STAGING-VERSION"];

/// The data source.
#[derive(Debug)]
pub(super) struct ProjectBundleDataSource;

#[async_trait::async_trait]
impl DataSource for ProjectBundleDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_cyclecloud_project_bundle".to_owned()
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Packs a CycleCloud project for a server that cannot reach GitHub, as *Operating in a locked down network*, \"Project Updates from \
             GitHub\", describes: from a folder into which the release was fetched (`cyclecloud project fetch RELEASE_URL .`) and in which it was \
             built (`cyclecloud project build`), a tarball of the blobs and the built project. Like `archive_file` it writes a local file. The same \
             files give the same bytes on every machine, so the checksum says whether there is anything to copy.\n\nNothing is fetched and nothing \
             is copied: no credentials, no connection.",
        )
        .attribute(
            "source_directory",
            Attribute::required(Type::String, "The folder with `project.ini`, `blobs` and `build` (or the build moved to a folder named as the version)."),
        )
        .attribute(
            "output_path",
            Attribute::required(
                Type::String,
                "Where the tarball is written. `server_commands` expect it as `/tmp/<project>-<version>.tgz` on the server.",
            ),
        )
        .attribute(
            "project",
            Attribute::optional_computed(Type::String, "The project, such as `slurm`. Where it is given the folder must hold this one."),
        )
        .attribute(
            "version",
            Attribute::optional_computed(Type::String, "The release, such as `3.0.8`. Where it is given the folder must hold this one."),
        )
        .attribute("files", Attribute::computed(Type::list(Type::String), "What the tarball holds, in its order."))
        .attribute("output_size", Attribute::computed(Type::Number, "Size of the tarball in bytes."))
        .attribute("output_sha256", Attribute::computed(Type::String, "SHA-256 of the tarball in hexadecimal."))
        .attribute("output_base64sha256", Attribute::computed(Type::String, "SHA-256 of the tarball in base64."))
        .attribute(
            "server_commands",
            Attribute::computed(
                Type::list(Type::String),
                "What to run on the CycleCloud server once the tarball lies in its `/tmp`. CycleCloud then finds the files and does not download them.",
            ),
        )
        .attribute("requirement_ids", Attribute::computed(Type::set(Type::String), "The requirements that this serves."))
    }

    async fn read(&self, config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let text = |name: &str| config.attribute(name).as_str().map(str::to_owned);
        let (directory, output) = (text("source_directory")?, text("output_path")?);
        let (project, version) = (text("project"), text("version"));
        let contents = match Contents::read(File::new(&directory), project.as_deref(), version.as_deref()) {
            Ok(contents) => contents,
            Err(error) => {
                diagnostics.error_at(
                    Path::attribute("source_directory"),
                    "No complete project in this folder",
                    error.to_string(),
                );
                return None;
            }
        };
        let written = match archive::write(&contents, File::new(&output)) {
            Ok(written) => written,
            Err(error) => {
                diagnostics.error_at(
                    Path::attribute("output_path"),
                    "The bundle cannot be written",
                    format!("`{output}`: {error}. Choose a file in a folder that can be written to."),
                );
                return None;
            }
        };
        let hexadecimal: String = written.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&written.sha256);
        let texts = |texts: Vec<String>| Value::List(texts.into_iter().map(Value::from).collect());
        let mut state = config;
        for (name, value) in [
            ("project", contents.project.as_str().into()),
            ("version", contents.version.as_str().into()),
            ("files", texts(contents.files.keys().cloned().collect())),
            ("output_size", Value::Number(written.size.into())),
            ("output_sha256", hexadecimal.into()),
            ("output_base64sha256", base64.into()),
            ("server_commands", texts(contents.server_commands())),
            ("requirement_ids", Value::set(REQUIREMENTS.map(Value::from))),
        ] {
            state.set_attribute(name, value);
        }
        Some(state)
    }
}
