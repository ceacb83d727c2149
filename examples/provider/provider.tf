terraform {
  required_providers {
    lockeddown = {
      source = "lockeddown/lockeddown"
    }
  }
}

# Every setting can come from the environment (ARM_SUBSCRIPTION_ID, ARM_TENANT_ID, ARM_CLIENT_ID, ARM_CLIENT_SECRET, …).
# Only resources, and data sources that read Azure, need a credential.
provider "lockeddown" {
  environment = "public"
  edition     = "2026-08"
}
