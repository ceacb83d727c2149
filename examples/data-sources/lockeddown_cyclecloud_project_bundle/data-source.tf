variable "project_directory" {
  description = "Where `cyclecloud project fetch` and `cyclecloud project build` ran, on a machine that reaches GitHub."
  type        = string
}

data "lockeddown_cyclecloud_project_bundle" "slurm" {
  source_directory = var.project_directory
  project          = "slurm"
  version          = "3.0.8"
  output_path      = "slurm-3.0.8.tgz"
}

# Copy the file to /tmp of the CycleCloud server, then run these there.
output "server_commands" {
  value = data.lockeddown_cyclecloud_project_bundle.slurm.server_commands
}

output "sha256" {
  value = data.lockeddown_cyclecloud_project_bundle.slurm.output_sha256
}
