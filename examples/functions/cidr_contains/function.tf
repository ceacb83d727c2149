variable "subnet_prefix" {
  type    = string
  default = "10.0.3.0/24"

  validation {
    condition     = provider::lockeddown::cidr_contains("10.0.0.0/16", var.subnet_prefix)
    error_message = "The subnet must lie in 10.0.0.0/16."
  }
}
