data "lockeddown_region" "primary" {
  location = "West Europe"
}

# Azure Machine Learning needs the tags of the pair too. Many newer regions have none.
output "storage_tags" {
  value = compact([
    "Storage.${data.lockeddown_region.primary.service_tag_suffix}",
    data.lockeddown_region.primary.has_pair ? "Storage.${data.lockeddown_region.pair[0].service_tag_suffix}" : "",
  ])
}

data "lockeddown_region" "pair" {
  count    = data.lockeddown_region.primary.has_pair ? 1 : 0
  location = data.lockeddown_region.primary.paired_region
}
