# HCP Terraform fills this variable where a workspace has several configurations. With a single one nothing has to be written here:
# it sets ARM_USE_OIDC, ARM_CLIENT_ID and ARM_OIDC_TOKEN itself.
variable "tfc_azure_dynamic_credentials" {
  type = object({
    default = object({
      client_id_file_path  = string
      oidc_token_file_path = string
    })
    aliases = map(object({
      client_id_file_path  = string
      oidc_token_file_path = string
    }))
  })
}

provider "lockeddown" {
  alias                = "hpc"
  use_oidc             = true
  use_cli              = false
  client_id_file_path  = var.tfc_azure_dynamic_credentials.aliases["HPC"].client_id_file_path
  oidc_token_file_path = var.tfc_azure_dynamic_credentials.aliases["HPC"].oidc_token_file_path
}
