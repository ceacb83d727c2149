//! Everything that only computes, under a real Terraform without credentials and with a network that leads nowhere. What may contact Azure is
//! declared in the provider (`AZURE_READERS`) and tried in `azure_readers`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    fs,
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use acceptance_tests::terraform::{Terraform, Workspace, install};
use serde_json::{Value, json};

/// Stands at the end of every way out of the machine and counts who comes.
struct Trap(TcpListener);

impl Trap {
    fn new() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Trap(listener)
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    fn caught(&self) -> usize {
        let attempt = || match self.0.accept() {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => unreachable!("the trap itself failed: {error}"),
        };
        std::iter::repeat_with(attempt).take_while(|caught| *caught).count()
    }

    /// A workspace whose every HTTP request would run into the trap, without a single credential.
    fn workspace(&self, terraform: Terraform) -> Workspace {
        let proxy = format!("http://{}", self.address());
        let workspace = [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ]
        .into_iter()
        .fold(Workspace::with(terraform), |workspace, name| {
            workspace.env(name, &proxy)
        });
        workspace.write_file(
            "providers.tf",
            "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n",
        );
        workspace
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Every example of a kind: the folder's name and the configuration.
fn of_kind(kind: &str) -> Vec<(String, String)> {
    let folders = fs::read_dir(examples().join(kind)).unwrap();
    let mut found = Vec::new();
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "tf")) {
            found.push((name.clone(), fs::read_to_string(file).unwrap()));
        }
    }
    found.sort();
    assert!(found.len() > 2, "the examples of {kind} are gone");
    found
}

/// The examples of everything that only computes: all but those of the declared readers of Azure, of which one can read a file instead.
fn computing() -> impl Iterator<Item = (String, String)> {
    let reads_azure = |name: &String, configuration: &String| {
        lockeddown::provider::AZURE_READERS.contains(&name.as_str()) && !configuration.contains("\"service_tag_file\"")
    };
    of_kind("data-sources")
        .into_iter()
        .filter(move |(name, configuration)| !reads_azure(name, configuration))
}

/// A publication in miniature, for the example that reads one.
fn with_service_tags(workspace: &Workspace) {
    let tag = |name: &str, region: &str, prefix: &str| {
        let features = ["API", "NSG", "UDR", "FW"];
        json!({ "name": name, "id": name, "properties": { "region": region, "networkFeatures": features, "addressPrefixes": [prefix] } })
    };
    let values = [
        tag("Storage", "", "20.38.0.0/16"),
        tag("Storage.WestEurope", "westeurope", "20.38.0.0/24"),
        tag("AzureContainerRegistry", "", "20.61.0.0/16"),
        tag("AzureContainerRegistry.WestEurope", "westeurope", "20.61.97.0/25"),
    ];
    let publication = json!({ "changeNumber": 1, "cloud": "Public", "values": values });
    workspace.write_file("tags.json", &publication.to_string());
    workspace.write_file("terraform.tfvars", "service_tag_file = \"tags.json\"\n");
}

/// A fetched and built project in miniature, for the example that packs one.
fn with_project(workspace: &Workspace) {
    workspace.write_file(
        "project/project.ini",
        "[project]\nname = slurm\nversion = 3.0.8\n\n[blobs]\nFiles = slurm.tgz\n",
    );
    workspace.write_file("project/blobs/slurm.tgz", "blob");
    workspace.write_file("project/build/slurm/default/cluster-init/scripts/run.sh", "#!/bin/sh");
    workspace.write_file("terraform.tfvars", "project_directory = \"project\"\n");
}

/// What an example's variables want.
fn prepare(workspace: &Workspace, configuration: &str) {
    if configuration.contains("\"service_tag_file\"") {
        with_service_tags(workspace);
    }
    if configuration.contains("\"project_directory\"") {
        with_project(workspace);
    }
}

#[test]
fn the_trap_notices_who_comes() {
    let trap = Trap::new();
    assert_eq!(trap.caught(), 0);
    TcpStream::connect(trap.address()).unwrap();
    assert_eq!(trap.caught(), 1);
}

#[test]
fn every_example_is_planned_whole_without_network_or_credentials() {
    let trap = Trap::new();
    for line in install::SUPPORTED {
        let workspace = trap.workspace(Terraform::version(line));
        for (name, configuration) in computing().chain(of_kind("functions")) {
            prepare(&workspace, &configuration);
            workspace.write(&configuration);
            let plan = workspace.plan();
            let outputs = plan.json().get("output_changes").and_then(Value::as_object);
            for (output, change) in outputs.into_iter().flatten() {
                assert_eq!(change["after_unknown"], json!(false), "{name}: {output} under {line}");
            }
        }
    }
    assert_eq!(trap.caught(), 0, "something looked for Azure");
}

/// The trap stands only at the ends of proxies and of Azure's endpoints. In a network namespace of its own a process has no interface at
/// all: whatever it tries to reach, it fails.
#[test]
fn every_example_is_planned_where_there_is_no_network_at_all() {
    let apart = |program: &std::ffi::OsStr| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net"]).arg(program);
        command
    };
    if !apart("true".as_ref()).status().is_ok_and(|status| status.success()) {
        println!("skipped: `unshare` may not make a network namespace here");
        return;
    }
    let workspace = Trap::new().workspace(Terraform::under_test());
    for (name, configuration) in computing().chain(of_kind("functions")) {
        prepare(&workspace, &configuration);
        workspace.write(&configuration);
        let plan = workspace.command(&["plan", "-input=false", "-no-color"]);
        let mut command = apart(plan.get_program());
        command.args(plan.get_args());
        for (variable, value) in plan.get_envs() {
            match value {
                Some(value) => command.env(variable, value),
                None => command.env_remove(variable),
            };
        }
        if let Some(directory) = plan.get_current_dir() {
            command.current_dir(directory);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }
}

#[test]
fn credentials_at_hand_are_no_reason_to_connect() {
    let trap = Trap::new();
    let endpoint = format!("https://{}", trap.address());
    let workspace = [
        ("ARM_SUBSCRIPTION_ID", "00000000-0000-0000-0000-000000000001"),
        ("ARM_TENANT_ID", "00000000-0000-0000-0000-000000000002"),
        ("ARM_CLIENT_ID", "00000000-0000-0000-0000-000000000003"),
        ("ARM_CLIENT_SECRET", "not a secret"),
        ("ARM_RESOURCE_MANAGER_ENDPOINT", &endpoint),
        ("ARM_RESOURCE_MANAGER_AUDIENCE", &endpoint),
        ("ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST", &endpoint),
    ]
    .into_iter()
    .fold(trap.workspace(Terraform::under_test()), |workspace, (name, value)| {
        workspace.env(name, value)
    });
    for (_, configuration) in computing() {
        prepare(&workspace, &configuration);
        workspace.write(&configuration);
        workspace.plan();
    }
    assert_eq!(trap.caught(), 0, "something looked for Azure");
}

#[test]
fn terraform_test_runs_the_example_anywhere() {
    let trap = Trap::new();
    let example = examples().join("terraform-test");
    let read = |name: &str| fs::read_to_string(example.join(name)).unwrap();
    for line in install::SUPPORTED {
        let workspace = trap.workspace(Terraform::version(line));
        // The example names its provider itself.
        workspace.write_file("providers.tf", "");
        workspace.write(&read("main.tf"));
        let tests = "tests/server.tftest.hcl";
        workspace.write_file(tests, &read(tests));
        let passed = workspace.run(&["test", "-no-color"]).expect_success();
        assert!(
            passed.stdout.contains("Success! 4 passed, 0 failed."),
            "{line}\n{passed}"
        );

        // The same tests notice a module that opens too much.
        workspace.write(&read("main.tf").replace("default     = []", "default     = [\"198.51.100.0/24\"]"));
        let outcome = workspace.run(&["test", "-no-color"]);
        assert!(!outcome.success, "{line}\n{outcome}");
        assert!(
            outcome
                .stdout
                .contains("nobody_is_an_administrator_unless_named\"... fail"),
            "{line}\n{outcome}"
        );
    }
    assert_eq!(trap.caught(), 0, "something looked for Azure");
}

#[test]
fn expand_is_known_at_plan_as_far_as_its_inputs_are() {
    for line in install::SUPPORTED {
        let workspace = Trap::new().workspace(Terraform::version(line));
        let plan = workspace.step(
            r#"
            resource "terraform_data" "other" {
              input = {
                group  = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes"
                prefix = "10.0.1.0/24"
              }
            }
            locals {
              leaf = provider::lockeddown::expand("cyclecloud_subnet", {
                role                        = "server"
                location                    = "West Europe"
                application_security_groups = { node_id = terraform_data.other.output.group }
              })
              deciding = provider::lockeddown::expand("cyclecloud_subnet", {
                role                  = "server"
                location              = "West Europe"
                node_address_prefixes = [terraform_data.other.output.prefix]
              })
            }
            output "priorities" { value = { for name, rule in local.leaf.security_rules : name => rule.priority } }
            output "groups" { value = local.leaf.security_rules["https_9443"].source_application_security_group_ids }
            output "location" { value = local.deciding.location }
            output "deciding" { value = local.deciding.security_rules }
            "#,
        );
        let changes = &plan.json()["output_changes"];
        let documented = json!({
            "AllowAzureStorage": 100, "AllowActiveDirectory": 101, "AllowAzureMonitor": 102, "AllowAzureRM": 103,
            "https_9443": 110, "BlockOutbound": 4000,
        });
        assert_eq!(changes["priorities"]["after"], documented);
        assert_eq!(changes["groups"]["after_unknown"], json!(true));
        assert_eq!(changes["location"]["after"], "westeurope");
        assert_eq!(changes["deciding"]["after_unknown"], json!(true));
        let outputs = workspace.outputs();
        let group = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes";
        assert_eq!(outputs["groups"], json!([group]));
        assert_eq!(
            outputs["deciding"]["https_9443"]["source_address_prefix"],
            "10.0.1.0/24"
        );
    }
}

#[test]
fn the_policy_of_a_data_source_is_what_expand_gives() {
    let workspace = Trap::new().workspace(Terraform::under_test());
    workspace.step(
        r#"
        locals {
          inputs = { role = "node", location = "China East 2", environment = "china", edition = "2020-07", server_address_prefixes = ["10.0.0.0/28"] }
        }
        data "lockeddown_cyclecloud_subnet" "node" {
          role                    = local.inputs.role
          location                = local.inputs.location
          environment             = local.inputs.environment
          edition                 = local.inputs.edition
          server_address_prefixes = local.inputs.server_address_prefixes
        }
        output "same" {
          value = data.lockeddown_cyclecloud_subnet.node.policy == provider::lockeddown::expand("cyclecloud_subnet", local.inputs)
        }
        output "in_one_list" {
          value = length([data.lockeddown_cyclecloud_subnet.node.policy, provider::lockeddown::expand("cyclecloud_subnet", local.inputs)])
        }
        "#,
    );
    assert_eq!(json!(workspace.outputs()), json!({ "same": true, "in_one_list": 2 }));
}

#[test]
fn what_is_wrong_is_said_where_it_is_written() {
    let workspace = Trap::new().workspace(Terraform::under_test());
    let mut report = String::new();
    for configuration in [
        r#"output "policy" { value = provider::lockeddown::expand("cyclecloud_subnets", {}) }"#,
        r#"output "policy" { value = provider::lockeddown::expand("cyclecloud_subnet", { role = "server", locatoin = "westeurope" }) }"#,
        r#"data "lockeddown_requirements" "wrong" {
             ids = ["CC-SERVER-STORAG"]
           }"#,
        r#"data "lockeddown_edition_diff" "wrong" {
             workload     = "cyclecloud_subnet"
             from_edition = "2020-07"
             inputs       = { role = "server", location = "westeurop" }
           }"#,
    ] {
        workspace.write(configuration);
        let said = workspace.expect_error(&["validate"]);
        // The list of workloads grows.
        report.push_str(said.split(": there are").next().unwrap());
        report.push_str("\n\n");
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_project_is_packed_once_and_what_is_wrong_with_it_is_said_at_plan() {
    let workspace = Trap::new().workspace(Terraform::under_test());
    with_project(&workspace);
    let configuration = r#"
        variable "project_directory" {}
        data "lockeddown_cyclecloud_project_bundle" "slurm" {
          source_directory = var.project_directory
          output_path      = "out/slurm.tgz"
        }
        output "bundle" { value = data.lockeddown_cyclecloud_project_bundle.slurm }
    "#;
    workspace.step(configuration);
    let outputs = workspace.outputs();
    let bundle = &outputs["bundle"];
    assert_eq!(
        bundle["files"],
        json!(["3.0.8/default/cluster-init/scripts/run.sh", "blobs/slurm.tgz"])
    );
    assert_eq!(bundle["project"], json!("slurm"));
    assert_eq!(bundle["server_commands"].as_array().unwrap().len(), 3);
    let packed = fs::read(workspace.path().join("out/slurm.tgz")).unwrap();
    assert_eq!(bundle["output_size"], json!(packed.len()));

    fs::remove_file(workspace.path().join("project/blobs/slurm.tgz")).unwrap();
    let refused = workspace.expect_error(&["plan"]);
    assert!(
        refused.contains("No complete project in this folder") && refused.contains("`slurm.tgz` is missing"),
        "{refused}"
    );
}
