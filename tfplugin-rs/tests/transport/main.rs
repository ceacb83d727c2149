//! A host starts a provider, talks to it and ends it.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod host;

use std::time::Duration;

use host::{Host, Identity, Start, dial};
use tfplugin_rs::proto::{
    health::{HealthCheckRequest, health_check_response::ServingStatus},
    tfplugin6::{DynamicValue, call_function, get_metadata, get_provider_schema, read_resource},
};
use tonic::Code;

async fn described(host: &mut Host) -> String {
    let response = host
        .provider
        .get_provider_schema(get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();
    response.provider.unwrap().block.unwrap().description
}

async fn call(host: &mut Host, name: &str) -> call_function::Response {
    let request = call_function::Request {
        name: name.to_owned(),
        arguments: Vec::new(),
    };
    host.provider.call_function(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn the_handshake_says_where_and_with_which_certificate() {
    let start = Start::by_terraform(&Identity::of_terraform());
    let folder = start.folder().to_owned();
    let probe = start.run();
    let fields = probe.handshake();
    assert_eq!(
        (&fields[..3], fields[4], fields.len()),
        (&["1", "6", "unix"][..], "grpc", 6)
    );
    assert!(probe.socket().starts_with(folder), "{fields:?}");
    assert!(fields[5].len() > 50 && !fields[5].ends_with('='), "{fields:?}");
}

#[tokio::test]
async fn terraform_gets_the_schema_over_mutual_tls() {
    let terraform = Identity::of_terraform();
    let probe = Start::by_terraform(&terraform).run();
    let mut host = probe.connect(Some(&terraform)).await.unwrap();
    assert_eq!(described(&mut host).await, "probe");

    let missing = host.provider.get_metadata(get_metadata::Request {}).await.unwrap_err();
    assert_eq!(missing.code(), Code::Unimplemented);
}

#[tokio::test]
async fn strangers_are_refused_and_change_nothing() {
    let terraform = Identity::of_terraform();
    let probe = Start::by_terraform(&terraform).run();
    assert!(probe.connect(None).await.is_err(), "a client without a certificate");
    assert!(
        probe.connect(Some(&Identity::of_terraform())).await.is_err(),
        "another client of the same make"
    );
    let handshake = probe.handshake();
    assert!(
        Host::meet(dial(handshake[2], handshake[3]).await.unwrap())
            .await
            .is_err(),
        "a client without TLS"
    );

    let mut host = probe.connect(Some(&terraform)).await.unwrap();
    assert_eq!(described(&mut host).await, "probe");
}

#[tokio::test]
async fn a_host_without_tls_is_served_plainly() {
    let probe = Start::by_a_host().with("PLUGIN_MULTIPLEX_GRPC", "true").run();
    assert_eq!(probe.handshake()[5..], ["", "false"]);
    let mut host = probe.connect(None).await.unwrap();
    assert_eq!(described(&mut host).await, "probe");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_leaves_a_port() {
    let terraform = Identity::of_terraform();
    let start = Start::by_terraform(&terraform);
    let folder = start.folder().join("d".repeat(120));
    std::fs::create_dir(&folder).unwrap();
    let probe = start.with("PLUGIN_UNIX_SOCKET_DIR", folder.to_str().unwrap()).run();
    let (network, address) = (probe.handshake()[2], probe.handshake()[3]);
    let port: u16 = address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert_eq!(network, "tcp");
    assert!((10_000..=25_000).contains(&port), "{port}");

    let mut host = probe.connect(Some(&terraform)).await.unwrap();
    assert_eq!(described(&mut host).await, "probe");
}

#[tokio::test]
async fn values_of_megabytes_pass_both_ways() {
    let terraform = Identity::of_terraform();
    let probe = Start::by_terraform(&terraform).run();
    let mut host = probe.connect(Some(&terraform)).await.unwrap();
    let state = DynamicValue {
        msgpack: vec![7; 6 << 20].into(),
        ..Default::default()
    };
    let request = read_resource::Request {
        current_state: Some(state.clone()),
        ..Default::default()
    };
    let response = host.provider.read_resource(request).await.unwrap().into_inner();
    assert!(response.new_state == Some(state));
}

#[tokio::test]
async fn the_plugin_is_healthy_and_its_standing_streams_stay_open() {
    let probe = Start::by_a_host().run();
    let mut host = probe.connect(None).await.unwrap();
    let ask = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    assert_eq!(
        host.health.check(ask("plugin")).await.unwrap().into_inner().status(),
        ServingStatus::Serving
    );
    assert_eq!(
        host.health.check(ask("other")).await.unwrap_err().code(),
        Code::NotFound
    );

    let a_while = Duration::from_millis(50);
    assert!(
        tokio::time::timeout(a_while, host.stdio.message()).await.is_err(),
        "it says nothing and does not end"
    );
    assert!(
        tokio::time::timeout(a_while, host.broker.message()).await.is_err(),
        "it says nothing and does not end"
    );
}

#[tokio::test]
async fn shutdown_ends_the_process_though_the_host_stays() {
    let terraform = Identity::of_terraform();
    let probe = Start::by_terraform(&terraform).run();
    let socket = probe.socket();
    let mut host = probe.connect(Some(&terraform)).await.unwrap();
    let _answer = host.shutdown().await;
    let ended = probe.end().await;
    assert!(ended.status.success(), "{}", ended.status);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    assert!(!socket.exists(), "the socket's file is left");
}

#[tokio::test]
async fn a_host_that_vanishes_takes_its_plugin_along() {
    let terraform = Identity::of_terraform();
    let probe = Start::by_terraform(&terraform).run();
    let socket = probe.socket();
    let mut host = probe.connect(Some(&terraform)).await.unwrap();
    assert_eq!(described(&mut host).await, "probe");
    drop(host);
    assert!(probe.end().await.status.success());
    assert!(!socket.exists(), "the socket's file is left");
}

#[tokio::test]
async fn ctrl_c_is_left_to_the_host() {
    let probe = Start::by_a_host().run();
    probe.signal("INT");
    let mut host = probe.connect(None).await.unwrap();
    probe.signal("INT");
    assert_eq!(described(&mut host).await, "probe");
    drop(host);
    assert!(probe.end().await.status.success());
}

#[tokio::test]
async fn being_terminated_leaves_no_socket() {
    let probe = Start::by_a_host().run();
    let socket = probe.socket();
    assert!(socket.exists());
    probe.signal("TERM");
    assert!(probe.end().await.status.success());
    assert!(!socket.exists(), "the socket's file is left");
}

#[tokio::test]
async fn a_person_is_told_what_the_program_is_for() {
    let ended = Start::by_a_person(&[]).run().end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(
        ended.stderr,
        r#"terraform-provider-probe v1.2.3 is a provider for Terraform, which starts it by itself. To use it, name it in a configuration and run `terraform init`:

    terraform {
      required_providers {
        probe = {
          source = "example/probe"
        }
      }
    }

Options:
  --debug    serve until interrupted; prints the variable by which Terraform attaches to it
  --version  print the version
  --help     print this
"#
    );

    let probe = Start::by_a_person(&["--version"]).run();
    assert_eq!(probe.line, "terraform-provider-probe v1.2.3\n");
    assert!(probe.end().await.status.success());

    let ended = Start::by_a_person(&["--verbose"]).run().end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended
            .stderr
            .starts_with("`--verbose` is no option of terraform-provider-probe."),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn in_debug_mode_hosts_come_and_go_until_ctrl_c() {
    let probe = Start::by_a_person(&["--debug"]).run();
    let json = probe
        .line
        .strip_prefix("TF_REATTACH_PROVIDERS='")
        .unwrap()
        .strip_suffix("'\n")
        .unwrap();
    let providers: serde_json::Value = serde_json::from_str(json).unwrap();
    let provider = &providers["registry.terraform.io/example/probe"];
    assert_eq!(provider["Protocol"], "grpc");
    assert_eq!(provider["ProtocolVersion"], 6);
    assert_eq!(provider["Test"], true);
    assert_eq!(provider["Addr"]["Network"], "unix");

    let socket = provider["Addr"]["String"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let mut host = Host::meet(dial("unix", &socket).await.unwrap()).await.unwrap();
        assert_eq!(described(&mut host).await, "probe");
    }
    probe.signal("INT");
    let ended = probe.end().await;
    assert!(ended.status.success(), "{}", ended.status);
    assert!(!std::path::Path::new(&socket).exists(), "the socket's file is left");
}

#[tokio::test]
async fn a_start_that_fails_is_one_line_that_the_host_can_show() {
    let probe = Start::by_a_host()
        .with("PLUGIN_UNIX_SOCKET_DIR", "/no/such/folder")
        .run();
    assert!(
        probe
            .line
            .starts_with("terraform-provider-probe cannot start: cannot make a socket in `/no/such/folder`: "),
        "{}",
        probe.line
    );
    let ended = probe.end().await;
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""));
}

#[tokio::test]
async fn a_panic_is_reported_and_only_its_call_fails() {
    let probe = Start::by_a_host().run();
    let mut host = probe.connect(None).await.unwrap();
    assert_eq!(
        call(&mut host, "panic").await.error.unwrap().text,
        "the probe broke\nas it was told to"
    );
    assert_eq!(call(&mut host, "log").await.error, None);
    drop(host);
    let report = probe.end().await.stderr;
    assert!(
        report.starts_with("panic: the probe broke\nas it was told to\n\nin thread `tokio-"),
        "{report}"
    );
    assert!(report.contains("probe.rs"), "{report}");
    assert!(report.lines().count() < 100, "Terraform shows no more");
}

#[tokio::test]
async fn the_log_is_written_when_terraform_wants_one() {
    let probe = Start::by_a_host().with("TF_LOG_PROVIDER", "TRACE").run();
    let mut host = probe.connect(None).await.unwrap();
    call(&mut host, "log").await;
    drop(host);
    let log = probe.end().await.stderr;
    let [line] = log.lines().collect::<Vec<_>>()[..] else {
        panic!("HTTP/2 must keep silent:\n{log}")
    };
    let entry: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(entry["@message"], "called\nby a test");
    assert_eq!(entry["@level"], "info");
    assert_eq!(entry["@module"], "tfplugin_rs_probe");
    assert_eq!(entry["function"], "log");
}
