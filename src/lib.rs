//! Documented network requirements of locked-down Azure workloads, expanded into Azure network configuration and applied.
//!
//! The way data travels:
//!
//! ```text
//! documents ─▶ requirements ─▶ workloads ─▶ network policy ─▶ proof ─▶ azure (ARM)
//!             (editioned data)  (pure expand)  (typed value)    (pure)    (one write per object)
//!                                    ▲                            ▲         ▲
//!                                    └───────── provider (Terraform) ───────┘
//! ```
//!
//! | module | knows |
//! |---|---|
//! | [`network`] | Azure's vocabulary as validated types: priority, prefix, port, service tag, security rule, policy |
//! | [`regions`] | clouds and regions, their pairs and spellings |
//! | [`service_tags`] | Microsoft's tag file: addresses behind a tag, what changed between two files |
//! | [`requirements`] | the catalogue: what each document demands, per edition, cloud and condition |
//! | [`workloads`] | one file per workload: inputs to a policy, by a pure function |
//! | [`proof`] | what must pass does, what else passes, and why: groups, routes and firewall as sets of packets |
//! | [`report`] | what was proven, for auditors and code scanners: Markdown, Mermaid, JSON, SARIF, HTML |
//! | [`azure`] | clouds, credentials, the ARM pipeline, operations, locks, merges |
//! | [`provider`] | Terraform's face: schemas, plans, state |
//!
//! Dependencies point from the bottom of the table upwards only; `azure` knows neither requirements nor workloads nor the proof nor reports, and nothing but
//! `provider` knows Terraform's objects. `docs/architecture.md` has the decisions and their reasons.
#![forbid(unsafe_code)]

pub mod azure;
pub mod network;
pub mod proof;
pub mod provider;
pub mod regions;
pub mod report;
pub mod requirements;
pub mod service_tags;
pub mod workloads;
