# What was proven of every subnet, as one report: for auditors (Markdown, a page), for code scanning (SARIF), for programs (JSON).
#
#   terraform output -raw report_markdown > report.md
#   terraform output -raw report_html > report.html

# The server once more, with the arguments of its resource. What refers to a resource is read only when nothing of the resource changes any more,
# and a report is wanted before that.
data "lockeddown_cyclecloud_subnet" "server" {
  role                           = "server"
  location                       = var.location
  server_placement               = "peered"
  subnet_address_prefixes        = [local.server_subnet]
  virtual_network_address_spaces = [local.server_spoke]
  node_address_prefixes          = [local.node_subnet]
  web_source_address_prefixes    = var.administrators
  egress                         = local.through_the_firewall
}

data "lockeddown_verification" "server" {
  name       = "cyclecloud-server"
  source_uri = "examples/landing-zone/cyclecloud.tf"
  policies   = [data.lockeddown_cyclecloud_subnet.server.policy]
}

data "lockeddown_verification" "nodes" {
  name       = "cyclecloud-nodes"
  source_uri = "examples/landing-zone/cyclecloud.tf"
  policies = [
    data.lockeddown_cyclecloud_subnet.node.policy,
    data.lockeddown_license_server_link.licenses.policy,
  ]
}

data "lockeddown_verification_report" "landing_zone" {
  title      = "HPC landing zone"
  source_uri = "examples/landing-zone/aml.tf"

  reports = concat(
    [data.lockeddown_verification.server.report_json, data.lockeddown_verification.nodes.report_json],
    [for verification in data.lockeddown_verification.aml : verification.report_json],
  )
}

output "report_markdown" {
  description = "The report for auditors and reviewers, in Markdown."
  value       = data.lockeddown_verification_report.landing_zone.markdown
}

output "report_html" {
  description = "The report as one page."
  value       = data.lockeddown_verification_report.landing_zone.html
}

output "report_json" {
  description = "The report for programs; another configuration can join it with its own."
  value       = data.lockeddown_verification_report.landing_zone.json
}

output "report_sarif" {
  description = "What is wrong, for code scanning."
  value       = data.lockeddown_verification_report.landing_zone.sarif
}
