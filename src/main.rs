//! The provider's program: Terraform starts it, several times per command.

use std::process::ExitCode;

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{serve, service::Service};

fn main() -> ExitCode {
    let options = serve::ServeOptions {
        address: "registry.terraform.io/lockeddown/lockeddown",
        binary: "terraform-provider-lockeddown",
        version: env!("CARGO_PKG_VERSION"),
        log_targets: &["lockeddown", "tfplugin_rs"],
    };
    serve::run(
        options,
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()),
        || Service::new(Lockeddown::new(|name| std::env::var(name).ok())),
    )
}
