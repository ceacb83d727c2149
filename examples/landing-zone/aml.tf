# Azure Machine Learning with each way out, side by side. A landing zone has one of them.
locals {
  ways_out = {
    service_tags  = { egress = { outbound_method = "nat_gateway" }, nat_gateway_id = var.hub.nat_gateway_id, firewall_policy_id = null }
    firewall      = { egress = local.through_the_firewall, nat_gateway_id = null, firewall_policy_id = var.hub.firewall_policy_id }
    forced_tunnel = { egress = { type = "forced_tunnel" }, nat_gateway_id = null, firewall_policy_id = null }
    proxy         = { egress = { type = "proxy", proxy_address = var.hub.proxy_address, proxy_port = 3128 }, nat_gateway_id = null, firewall_policy_id = null }
  }
  aml_subnets = { for index, way_out in keys(local.ways_out) : way_out => cidrsubnet(local.aml_spoke, 8, index) }
}

module "aml" {
  source   = "../modules/aml-landing-zone"
  for_each = local.ways_out

  location                       = var.location
  subnet_address_prefixes        = [local.aml_subnets[each.key]]
  virtual_network_address_spaces = [local.aml_spoke, var.hub.address_space]
  default_storage_account_name   = "examplestorage"
  python_packages                = each.key == "firewall" ? ["pypi"] : []
  egress                         = each.value.egress
}

resource "lockeddown_subnet" "aml" {
  for_each = local.ways_out

  name               = "aml-${replace(each.key, "_", "-")}"
  virtual_network_id = local.network["aml"]
  location           = var.location
  address_prefixes   = [local.aml_subnets[each.key]]
  nat_gateway_id     = each.value.nat_gateway_id

  policies = module.aml[each.key].policies

  firewall_policy_id             = each.value.firewall_policy_id
  rule_collection_group_priority = each.value.firewall_policy_id == null ? null : 1200
}

# Each of them, proven against what its workloads need, and against what must never leave.
data "lockeddown_verification" "aml" {
  for_each = local.ways_out

  name     = "aml-${replace(each.key, "_", "-")}"
  policies = module.aml[each.key].policies

  forbidden_flows = {
    mail = { peer = "Internet", port = "25" }
  }
}
