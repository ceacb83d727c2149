//! The acceptance set of every managed workload: alone with what is required, with all that goes together, every option there and back, every
//! argument unknown at plan, everything of it deleted behind Terraform's back, imported, and refused.
//!
//! One table (`subjects/*.toml`) says for every resource what can be configured; each test takes all of it, and one demands that the table knows
//! every argument of the schema. Whatever is tried is an instance with a network of its own (`stage`), so that a hundred of them cost as many
//! commands as one. Whole stories belong to the full tier (`cargo xtask test --full`); a short run tells some options of every subject, and the losses of small ones.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where, and what it was at"
)]

/// A test of each subject, so that they run side by side, and one that no subject is forgotten.
macro_rules! for_each_subject {
    ($story:ident) => {
        for_each_subject! {
            $story:
            cyclecloud_server "cyclecloud server"
            cyclecloud_node "cyclecloud node"
            cyclecloud_return_proxy "cyclecloud return proxy"
            jump_host "jump host"
            azure_bastion "azure bastion"
            aml_egress "aml egress"
            aml_ingress "aml ingress"
            aml_attached "aml attached"
            license_link "license link"
            kubernetes "kubernetes"
            subnet "subnet"
            firewall_rules "firewall rules"
        }
    };
    ($story:ident: $($name:ident $label:literal)*) => {
        $(
            #[test]
            fn $name() {
                $story($label);
            }
        )*

        #[test]
        fn no_subject_is_forgotten() {
            let told = [$($label),*];
            for subject in subjects() {
                assert!(told.contains(&subject.label.as_str()), "{}", subject.label);
            }
        }
    };
}

mod disappears;
mod landing_zone;
mod lives;
mod options;
mod refusals;
mod stage;
mod table;
