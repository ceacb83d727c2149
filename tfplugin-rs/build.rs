//! Compiles the wire contracts in `proto/` without a system `protoc`.

use std::{error::Error, path::Path};

const PROTOS: [&str; 5] = [
    "tfplugin6.proto",
    "grpc_controller.proto",
    "grpc_broker.proto",
    "grpc_stdio.proto",
    "health.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    println!("cargo::rerun-if-changed={}", folder.display());

    let descriptors = protox::compile(PROTOS, [&folder])?;
    tonic_prost_build::configure()
        // Clients drive the provider in tests; the connection is theirs to make.
        .build_client(true)
        .build_transport(false)
        // A method that a provider lacks answers UNIMPLEMENTED, which Terraform expects of it.
        .generate_default_stubs(true)
        // Values of megabytes are slices of the message received, not copies.
        .bytes(".tfplugin6")
        .compile_fds(descriptors)?;
    Ok(())
}
