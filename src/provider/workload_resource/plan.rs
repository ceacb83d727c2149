//! The plan of a workload resource: everything that can be known is known.
//!
//! Nothing here reads Azure. The policy is a pure function of the configuration, the edition and the cloud, and ids follow from
//! names, so a plan shows every rule with its values before anything exists.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, Plan},
    value::{Path, Value},
};

use super::{
    WorkloadResource,
    arguments::Reach,
    conflicts,
    demand::{self, Demand, Shared},
    forms::{self, Entries},
    host_subnet, identity,
    kept::Kept,
    neighbours::{self, Place},
    own_objects::{plan_ids, plan_names, put},
    targets, traffic,
};
use crate::{
    network::NetworkPolicy,
    provider::{configuration::Session, managed::SAME_BUT_FOR_CASE},
    requirements::Edition,
    workloads::Defaults,
};

/// Refines the plan of a create or update.
pub(super) fn plan(
    resource: &WorkloadResource,
    session: &Session,
    plan: &mut Plan,
    call: &Call,
    diagnostics: &mut Diagnostics,
) {
    let mut kept = Kept::read(&plan.private);
    let edition = edition(plan, &kept, session);
    if !call.stores_planned_private {
        refuse_forgotten_edition(plan, &kept, session, diagnostics);
    }
    let environment = environment(plan, session, diagnostics);
    let shared = Shared::of(&plan.config);
    plan_names(resource, plan, shared);
    let demand = match (edition, environment) {
        (Some(edition), Some(environment)) => {
            put(&mut plan.planned, "environment", environment.into());
            put(&mut plan.planned, "edition", edition.clone());
            // What is composed has no edition of its own to keep.
            let expands = !plan.planned.attribute("edition").is_null();
            kept.edition = edition.as_str().filter(|_| expands).map(str::to_owned);
            plan.private = kept.write();
            demand::demand(resource, defaults(session), &plan.planned, shared, diagnostics)
        }
        // The provider's own configuration is not known yet: nothing can be said of the rules.
        _ => Demand::Unknown,
    };
    match &demand {
        Demand::Known(demanded) => {
            demand::show(demanded, &mut plan.planned);
            leave_open(resource, session, &mut plan.planned, shared);
            demand::warn_of_homeless_collections(&demanded.policy, &plan.config, diagnostics);
            if resource.reach() == Reach::Subnet {
                demand::warn_of_idle_places(&demanded.policy, &plan.config, diagnostics);
            }
            demand::refuse_urls_on_a_classic_firewall(demanded, &plan.config, diagnostics);
        }
        Demand::Unknown => demand::forget(resource, &mut plan.planned),
    }
    if plan.config.attribute("environment").is_unknown() {
        // There is only one it can be, but what is configured decides.
        plan.planned.set_attribute("environment", Value::UNKNOWN);
    }
    plan_ids(resource, plan);
    let met = met(plan, &mut kept, shared);
    if let (Demand::Known(demanded), Some(met)) = (&demand, &met) {
        traffic::warn(met, &plan.planned, &demanded.policy, shared, diagnostics);
        traffic::warn_at_firewall(met, &plan.planned, diagnostics);
    }
    if resource.reach() == Reach::Subnet {
        plan_subnet(plan, met.as_ref());
        if let Some(prior) = &plan.prior {
            host_subnet::refuse_leaving(prior, &plan.planned, diagnostics);
        }
        check_conflicts(plan, &kept, shared, diagnostics);
        if let Demand::Known(demanded) = &demand {
            prove_among_others(plan, &kept, &demanded.policy, session, diagnostics);
        }
    } else {
        replace_what_moves(resource, plan);
    }
}

/// What hangs on whether packets find a way out stays open while that is not known.
fn leave_open(resource: &WorkloadResource, session: &Session, planned: &mut Value, shared: Shared) {
    let Some(closed) = demand::without_way_out(planned) else {
        return;
    };
    let mut shown = planned.clone();
    match demand::demand(
        resource,
        defaults(session),
        &closed,
        shared,
        &mut Diagnostics::default(),
    ) {
        Demand::Known(demanded) => demand::show(&demanded, &mut shown),
        // Whether there are any is open, too.
        Demand::Unknown => demand::forget(resource, &mut shown),
    }
    for (name, _) in resource.source.outputs() {
        let common = common(planned.attribute(&name), shown.attribute(&name));
        planned.set_attribute(name, common);
    }
}

/// What two possible values have in common; where they differ, nothing is known.
fn common(one: &Value, other: &Value) -> Value {
    match (one, other) {
        (one, other) if one == other => one.clone(),
        (Value::Map(one), Value::Map(other)) if one.keys().eq(other.keys()) => {
            let entries = one.iter().zip(other.values());
            Value::Map(
                entries
                    .map(|((name, one), other)| (name.clone(), common(one, other)))
                    .collect(),
            )
        }
        _ => Value::UNKNOWN,
    }
}

fn defaults(session: &Session) -> Defaults {
    Defaults {
        environment: Some(session.environment()),
        ..session.defaults
    }
}

/// The prior state as the prefixes that are ignored from now on have it: what is not ignored any more is watched, and removed; what is ignored
/// now stays. What is kept of others follows.
fn met(plan: &Plan, kept: &mut Kept, shared: Shared) -> Option<Value> {
    let mut prior = plan.prior.clone()?;
    if prior.attribute("foreign_rules").as_map().is_none() {
        return Some(prior);
    }
    let regroup = |argument: &str, output: &str, watched: &mut Entries, ignored: &mut Entries| {
        let prefixes = forms::texts(plan.planned.attribute(argument));
        let ours = forms::entries_in(plan.planned.attribute(output));
        let (still, released) = std::mem::take(ignored)
            .into_iter()
            .partition(|(name, _)| forms::begins(name, &prefixes));
        let (left, watching) = std::mem::take(watched)
            .into_iter()
            .partition(|(name, _)| forms::begins(name, &prefixes) && !forms::has(&ours, name));
        (*ignored, *watched) = (still, watching);
        ignored.extend::<Entries>(left);
        watched.extend::<Entries>(released);
    };
    let known = |argument: &str, output: &str| {
        !plan.planned.attribute(argument).is_unknown() && !plan.planned.attribute(output).is_unknown()
    };
    if !shared.group && known("ignored_rule_name_prefixes", "security_rules") {
        let mut watched = forms::entries_in(prior.attribute("security_rules"));
        let mut ignored = forms::entries_in(prior.attribute("foreign_rules"));
        regroup(
            "ignored_rule_name_prefixes",
            "security_rules",
            &mut watched,
            &mut ignored,
        );
        kept.remember_rules(&ignored);
        prior.set_attribute("security_rules", Value::Map(watched));
        prior.set_attribute("foreign_rules", Value::Map(ignored));
    }
    if !shared.table && known("ignored_route_name_prefixes", "routes") {
        let mut watched = forms::entries_in(prior.attribute("routes"));
        let mut ignored = kept.neighbours().routes;
        regroup("ignored_route_name_prefixes", "routes", &mut watched, &mut ignored);
        kept.remember_routes(&ignored);
        prior.set_attribute("routes", Value::Map(watched));
    }
    Some(prior)
}

/// What only matters beside a subnet: what it had before, and whether it is another one now.
fn plan_subnet(plan: &mut Plan, met: Option<&Value>) {
    let planned = &mut plan.planned;
    let attached = !targets::is_born(planned);
    let prior = plan.prior.as_ref();
    for (thing, kind) in [
        ("network_security_group", "networkSecurityGroups"),
        ("route_table", "routeTables"),
    ] {
        let (previous, target) = (format!("previous_{thing}_id"), format!("{thing}_id"));
        let had = prior.is_some_and(|prior| {
            !prior.attribute(&target).is_null() || !prior.attribute(&previous).is_null() || has_own(prior, thing, kind)
        });
        let value = match prior {
            _ if !attached => Value::Null,
            Some(prior) if had => prior.attribute(&previous).clone(),
            _ if planned.attribute(&target).is_null() => Value::Null,
            // Only Azure can tell.
            _ => Value::UNKNOWN,
        };
        planned.set_attribute(previous, value);
    }
    match prior {
        None => planned.set_attribute("foreign_rules", Value::object::<String>([])),
        Some(prior) => {
            let foreign = met.unwrap_or(prior).attribute("foreign_rules").clone();
            planned.set_attribute("foreign_rules", foreign);
            let moved = !SAME_BUT_FOR_CASE(prior.attribute("subnet_id"), planned.attribute("subnet_id"));
            if attached && moved {
                plan.requires_replace.push(Path::attribute("subnet_id"));
            }
        }
    }
}

/// Whether the subnet has the resource's own group or table, though it may have lost the mark.
fn has_own(prior: &Value, thing: &str, kind: &str) -> bool {
    let there = prior.attribute(&format!("associated_{thing}_id"));
    let own = targets::own_id(prior, thing, kind).known();
    own.is_some_and(|own| SAME_BUT_FOR_CASE(&own.to_string().into(), there))
}

/// Collections somewhere else are another object: what identifies a resource never changes in place.
fn replace_what_moves(resource: &WorkloadResource, plan: &mut Plan) {
    let Some(prior) = &plan.prior else { return };
    let identity = |object: &Value| identity::of(resource.reach(), object);
    if identity(prior) == identity(&plan.planned) {
        return;
    }
    // A group's name has a default, to which it goes back where the configuration says no more of it.
    let given = |name: &str| name == "rule_collection_group_name" || !plan.config.attribute(name).is_null();
    let moved = |name: &&str| given(name) && prior.attribute(name) != plan.planned.attribute(name);
    let paths = identity::FIREWALL_ARGUMENTS
        .into_iter()
        .filter(moved)
        .map(Path::attribute);
    plan.requires_replace.extend(paths);
}

/// Azure keeps a priority once per direction; what is known of others' rules is what the last refresh saw.
fn check_conflicts(plan: &Plan, kept: &Kept, shared: Shared, diagnostics: &mut Diagnostics) {
    let rules = forms::entries_in(plan.planned.attribute("security_rules"));
    let group = |object: &Value| object.attribute("network_security_group_id").clone();
    let still_there = |prior: &Value| SAME_BUT_FOR_CASE(&group(prior), &group(&plan.planned));
    if plan.prior.as_ref().is_some_and(still_there) {
        let conflict = conflicts::priorities(&rules, &kept.neighbours().rules);
        conflict.into_iter().for_each(|conflict| conflict.warn(diagnostics));
    }
    if shared.group {
        return;
    }
    let prefixes = forms::texts(plan.planned.attribute("ignored_rule_name_prefixes"));
    refuse_ignored(&rules, &prefixes, "ignored_rule_name_prefixes", diagnostics);
    let routes = forms::entries_in(plan.planned.attribute("routes"));
    let prefixes = forms::texts(plan.planned.attribute("ignored_route_name_prefixes"));
    refuse_ignored(&routes, &prefixes, "ignored_route_name_prefixes", diagnostics);
}

/// What must pass does, among the entries of others that the last refresh saw. An error where the plan changes what the resource has there;
/// where it does not, a warning: nothing that is planned makes it worse, and nobody's plan fails for what others did since.
fn prove_among_others(
    plan: &Plan,
    kept: &Kept,
    policy: &NetworkPolicy,
    session: &Session,
    diagnostics: &mut Diagnostics,
) {
    let Some(prior) = &plan.prior else { return };
    let mut neighbours = kept.neighbours();
    for (id, entries) in [
        ("network_security_group_id", &mut neighbours.rules),
        ("route_table_id", &mut neighbours.routes),
    ] {
        if !SAME_BUT_FOR_CASE(prior.attribute(id), plan.planned.attribute(id)) {
            entries.clear();
        }
    }
    let rules = forms::entries_in(plan.planned.attribute("security_rules"));
    let place = Place {
        location: plan.planned.attribute("location").as_str().unwrap_or_default(),
        cloud: session.environment(),
        rules: &rules,
    };
    let changes = ["security_rules", "routes"]
        .iter()
        .any(|output| prior.attribute(output) != plan.planned.attribute(output));
    for conflict in neighbours::conflicts(policy, &neighbours, place) {
        if changes {
            conflict.refuse(diagnostics);
        } else {
            conflict.warn(diagnostics);
        }
    }
}

/// What is ignored is not watched; the resource's own rules are.
fn refuse_ignored(entries: &Entries, prefixes: &[String], argument: &str, diagnostics: &mut Diagnostics) {
    if let Some(name) = entries.keys().find(|name| forms::begins(name, prefixes)) {
        let detail = format!(
            "`{name}` is one of the resource's own and begins with a prefix of `{argument}`: it would be neither watched nor removed. Choose a \
             longer prefix, or another `name_prefix`."
        );
        diagnostics.error_at(Path::attribute(argument), "Own rules ignored", detail);
    }
}

/// The argument, else what the resource was made with (in state, or left by the first plan of a replacement), else the provider's,
/// else the newest. `None` while the provider's is not known.
fn edition(plan: &Plan, kept: &Kept, session: &Session) -> Option<Value> {
    let configured = plan.config.attribute("edition");
    if !configured.is_null() {
        return Some(configured.clone());
    }
    let prior = plan
        .prior
        .as_ref()
        .and_then(|prior| prior.attribute("edition").as_str().map(str::to_owned));
    if let Some(edition) = prior.or_else(|| kept.edition.clone()) {
        return Some(edition.into());
    }
    if session.undetermined {
        return None;
    }
    Some(session.defaults.edition.unwrap_or_else(Edition::newest).as_str().into())
}

/// When Terraform before 1.16 replaces an object, the plan that it makes during apply knows nothing of the old object. Better an
/// error now than a plan that cannot be carried out.
fn refuse_forgotten_edition(plan: &Plan, kept: &Kept, session: &Session, diagnostics: &mut Diagnostics) {
    if plan.prior.is_some() || !plan.config.attribute("edition").is_null() {
        return;
    }
    let default = session.defaults.edition.unwrap_or_else(Edition::newest);
    let Some(edition) = kept.edition.as_deref().filter(|edition| *edition != default.as_str()) else {
        return;
    };
    let detail = format!(
        "The object is replaced and keeps its edition `{edition}`, but this Terraform (before 1.16) cannot hand that on to the new one, which \
         would get `{default}`. Set `edition = \"{edition}\"` to keep it, or `edition = \"{default}\"` to move on."
    );
    diagnostics.error_at(Path::attribute("edition"), "Edition lost in replacement", detail);
}

/// The cloud is the provider's: an object cannot be in another one. `None` while the provider's is not known.
fn environment(plan: &Plan, session: &Session, diagnostics: &mut Diagnostics) -> Option<&'static str> {
    if session.undetermined {
        return None;
    }
    let environment = session.environment().as_str();
    let configured = plan.config.attribute("environment").as_str();
    if let Some(other) = configured.filter(|configured| *configured != environment) {
        let detail = format!(
            "`environment` is `{other}`, but the provider is configured for `{environment}`, where the objects would be made. Leave the \
             argument out, or use a provider configured for `{other}`."
        );
        diagnostics.error_at(
            Path::attribute("environment"),
            "Another cloud than the provider's",
            detail,
        );
    }
    Some(environment)
}
