# What CycleCloud's server demands, for whoever has to approve it.
data "lockeddown_requirements" "server" {
  system   = "cyclecloud"
  kind     = "flow"
  settings = { role = "server", connection_mode = "direct" }
}

output "flows" {
  value = {
    for id, row in data.lockeddown_requirements.server.requirements :
    id => "${row.purpose} (${row.citation})"
    if row.initiator == "server"
  }
}

# The requirement that a rule's description or a warning names.
data "lockeddown_requirements" "named" {
  ids = ["CC-HOST-RATECARD"]
}

output "what_to_do" {
  value = data.lockeddown_requirements.named.requirements["CC-HOST-RATECARD"].remedy
}
