# HTTPS_PROXY and NO_PROXY do the same. ARM_PROXY_URL keeps user and password out of the configuration.
provider "lockeddown" {
  proxy_url = "http://proxy.corp.example:3128"
  no_proxy  = ".corp.example,10.0.0.0/8"
  ca_bundle = "/etc/ssl/certs/corp.pem"
}
