# Two subnets of one zone: what each needs …
data "lockeddown_cyclecloud_subnet" "server" {
  role                    = "server"
  location                = "westeurope"
  edition                 = "2026-08"
  subnet_address_prefixes = ["10.0.0.0/28"]
  node_address_prefixes   = ["10.0.1.0/24"]

  waived_requirements = {
    CC-SERVER-MONITOR = "Metrics stay in the plant's own monitoring."
  }
}

data "lockeddown_cyclecloud_subnet" "node" {
  role                    = "node"
  location                = "westeurope"
  edition                 = "2026-08"
  subnet_address_prefixes = ["10.0.1.0/24"]
  server_address_prefixes = ["10.0.0.0/28"]
}

# … what is proven of each …
data "lockeddown_verification" "zone" {
  for_each = {
    server = data.lockeddown_cyclecloud_subnet.server.policy
    node   = data.lockeddown_cyclecloud_subnet.node.policy
  }

  name       = "cyclecloud-${each.key}"
  source_uri = "network/${each.key}.tf"
  policies   = [each.value]

  forbidden_flows = {
    mail = { peer = "Internet", port = "25" }
  }
}

# … and one report of both. `terraform output -raw report` prints it; local_file writes it.
data "lockeddown_verification_report" "zone" {
  title   = "CycleCloud in westeurope"
  reports = [for verification in data.lockeddown_verification.zone : verification.report_json]
}

output "report" {
  value = data.lockeddown_verification_report.zone.markdown
}

output "sarif" {
  value = data.lockeddown_verification_report.zone.sarif
}

output "verdict" {
  value = data.lockeddown_verification_report.zone.verdict
}
