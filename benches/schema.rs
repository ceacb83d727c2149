//! How long the schema takes that Terraform asks for at the start of every command: made, and as it goes over the wire.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints and may stop")]

use std::time::{Duration, Instant};

use lockeddown::provider::Lockeddown;
use prost::Message;
use tfplugin_rs::{
    proto::tfplugin6::{get_provider_schema, provider_server::Provider},
    service::Service,
};
use tonic::Request;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut taken = Vec::new();
    let mut bytes = 0;
    for _ in 0..51 {
        let started = Instant::now();
        // A new service each time: a process answers this call once.
        let service = Service::new(Lockeddown::new(|_| None));
        let request = Request::new(get_provider_schema::Request::default());
        let response = runtime.block_on(service.get_provider_schema(request)).unwrap();
        bytes = response.into_inner().encode_to_vec().len();
        taken.push(started.elapsed());
    }
    let first: Duration = *taken.first().unwrap();
    taken.sort();
    println!(
        "schema of {bytes} bytes: first {first:?}, median {:?}",
        taken.get(25).unwrap()
    );
}
