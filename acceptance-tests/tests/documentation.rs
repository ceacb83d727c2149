//! What users read is true: every link leads somewhere, every block of configuration is formatted and valid, every quoted message exists, and
//! what the README and the guides say a plan shows, a plan shows.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use acceptance_tests::terraform::{Workspace, binaries};

/// A place of the documentation and its text.
struct Page {
    path: PathBuf,
    text: String,
}

/// Files below a folder, without what was built or installed.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() && !name.starts_with('.') && name != "target" {
            found.extend(files(&entry, extension));
        } else if entry.extension().is_some_and(|found| found == extension) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn pages() -> Vec<Page> {
    let read = |path: PathBuf| Page {
        text: fs::read_to_string(&path).unwrap(),
        path,
    };
    files(binaries::repository(), "md").into_iter().map(read).collect()
}

/// The README, the guides and the modules' pages: their configuration is written for the page, and is no example that others test.
fn told() -> Vec<Page> {
    let root = binaries::repository();
    let written = |page: &Page| {
        page.path == root.join("README.md")
            || page.path.starts_with(root.join("docs/guides"))
            || page.path.starts_with(root.join("examples"))
    };
    pages().into_iter().filter(written).collect()
}

impl Page {
    /// Its code blocks of a language.
    fn blocks(&self, language: &str) -> Vec<String> {
        let opening = format!("```{language}");
        let mut blocks: Vec<String> = Vec::new();
        let mut inside = None;
        for line in self.text.lines() {
            match (inside, line.starts_with("```")) {
                (None, true) => {
                    inside = Some(line == opening);
                    if line == opening {
                        blocks.push(String::new());
                    }
                }
                (Some(_), true) => inside = None,
                (Some(true), false) => {
                    let block = blocks.last_mut().unwrap();
                    block.push_str(line);
                    block.push('\n');
                }
                _ => {}
            }
        }
        assert!(inside.is_none(), "{}: a code block without an end", self.path.display());
        blocks
    }

    /// Its lines outside of code blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut code = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with("```");
            code ^= fence;
            !code && !fence
        })
    }

    /// Where links can lead within it.
    fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        for line in self.prose() {
            anchors.extend(
                line.split("<a id=\"")
                    .skip(1)
                    .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
            );
            if line.starts_with('#') {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                let kept = title
                    .chars()
                    .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
                anchors.insert(kept.collect::<String>().replace(' ', "-"));
            }
        }
        anchors
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut followed = 0;
    for page in pages() {
        for line in page.prose() {
            for link in line
                .split("](")
                .skip(1)
                .filter_map(|rest| Some(rest.split_once(')')?.0))
            {
                if link.contains("://") || link.starts_with("mailto:") {
                    continue;
                }
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = match file {
                    "" => page.path.clone(),
                    file => page.path.parent().unwrap().join(file),
                };
                assert!(target.exists(), "{}: `{link}` leads nowhere", page.path.display());
                if !anchor.is_empty() {
                    let text = fs::read_to_string(&target).unwrap();
                    let there = Page { path: target, text }.anchors();
                    assert!(
                        there.contains(anchor),
                        "{}: `{link}` has no such place",
                        page.path.display()
                    );
                }
                followed += 1;
            }
        }
    }
    assert!(followed > 500, "only {followed} links were found");
}

/// The blocks of a page by configuration: a block that names its providers begins another one.
fn configurations(page: &Page) -> Vec<Vec<String>> {
    let mut configurations: Vec<Vec<String>> = Vec::new();
    for block in page.blocks("terraform") {
        match configurations.last_mut() {
            Some(configuration) if !block.contains("required_providers") => configuration.push(block),
            _ => configurations.push(vec![block]),
        }
    }
    configurations
}

/// azurerm is a provider with its documented schema and nothing behind it, the Verified Module one with its documented input.
fn workspace(blocks: &[String]) -> Workspace {
    let workspace = Workspace::new().env("AZURERM_STUB_MAJOR", "5");
    let directory = format!("{:?}", binaries::directory().unwrap().display().to_string());
    workspace.write_file(
        "cli.tfrc",
        &format!(
            "disable_checkpoint = true\nprovider_installation {{\n  dev_overrides {{\n    \"lockeddown/lockeddown\" = {directory}\n    \
             \"hashicorp/azurerm\" = {directory}\n  }}\n}}\n"
        ),
    );
    let names_its_providers = blocks.iter().any(|block| block.contains("required_providers"));
    if !names_its_providers {
        workspace.write_file(
            "providers.tf",
            "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n    azurerm    = { source = \
             \"hashicorp/azurerm\" }\n  }\n}\n",
        );
    }
    for (position, block) in blocks.iter().enumerate() {
        workspace.write_file(&format!("block-{position}.tf"), block);
    }
    workspace
}

/// What the Verified Module asks for beside the rules.
const AVM_REST: &str = "variable \"name\" {}\nvariable \"location\" {}\nvariable \"resource_group_name\" {}\n";

#[test]
fn every_configuration_is_formatted_and_valid() {
    let mut checked = 0;
    let told = told();
    let all = told
        .iter()
        .flat_map(|page| configurations(page).into_iter().map(move |blocks| (page, blocks)));
    for (page, blocks) in all {
        let workspace = workspace(&blocks);
        let formatted = workspace.run(&["fmt", "-check", "-diff"]);
        assert!(formatted.success, "{}: not formatted\n{formatted}", page.path.display());
        for (position, block) in blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| block.contains("\"Azure/avm-"))
        {
            let (before, after) = block.split_once("source  = \"Azure/avm-").unwrap();
            let after = after.splitn(3, '\n').nth(2).unwrap();
            workspace.write_file(
                &format!("block-{position}.tf"),
                &format!("{before}source = \"./avm\"\n{after}"),
            );
            workspace.write_file("avm/main.tf", include_str!("consumers/avm/main.tf"));
            workspace.write_file("avm/rest.tf", AVM_REST);
            workspace.run(&["get"]).expect_success();
        }
        let root = binaries::repository();
        if let Some(module) = page
            .path
            .parent()
            .filter(|folder| folder.starts_with(root.join("examples")))
        {
            let place = module.strip_prefix(root).unwrap();
            for file in files(module, "tf") {
                let copy = place.join(file.file_name().unwrap());
                workspace.write_file(copy.to_str().unwrap(), &fs::read_to_string(&file).unwrap());
            }
            workspace.run(&["get"]).expect_success();
        }
        workspace.validate();
        checked += blocks.len();
    }
    assert!(checked >= 30, "only {checked} blocks were found");
}

/// What the page about error texts explains.
fn explained() -> Vec<String> {
    let text = fs::read_to_string(binaries::repository().join("docs/guides/troubleshooting.md")).unwrap();
    let titles = text.lines().filter_map(|line| line.strip_prefix("### "));
    titles.map(str::to_owned).collect()
}

/// Files of all tests, but for this one, which reads the page.
fn of_tests(extension: &str) -> Vec<String> {
    let root = binaries::repository();
    let mut paths: Vec<PathBuf> = ["tests", "acceptance-tests/tests"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), extension))
        .collect();
    paths.retain(|path| !path.ends_with(file!()));
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// What the provider's own tests and those that drive a Terraform expect it to say.
fn expected_by_tests() -> String {
    let own = files(&binaries::repository().join("src"), "rs")
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            match text.split_once("#[cfg(test)]") {
                _ if path.ends_with("tests.rs") => text,
                Some((_, tests)) => tests.to_owned(),
                None => String::new(),
            }
        });
    let kinds = ["snap", "rs", "toml"].into_iter().flat_map(of_tests);
    kinds.chain(own).collect()
}

/// A text that no test expects may be one that nobody is told any more.
#[test]
fn every_message_that_is_explained_is_one_that_a_test_was_told() {
    let expected = expected_by_tests();
    let unseen: Vec<String> = explained()
        .into_iter()
        .filter(|title| !expected.contains(title.as_str()))
        .collect();
    assert!(unseen.is_empty(), "no test is told {unseen:#?}");
    assert!(explained().len() >= 60, "{:?}", explained());
}

/// The summaries of errors and warnings in a snapshot, in either of the two forms that the tests write them in.
fn summaries(snapshot: &str) -> BTreeSet<&str> {
    let mut lines = snapshot.lines().peekable();
    let mut found = BTreeSet::new();
    while let Some(line) = lines.next() {
        let printed = ["Error: ", "Warning: "]
            .iter()
            .find_map(|severity| line.strip_prefix(severity));
        let at_a_path = || {
            let (_, summary) = line.split_once(": ")?;
            let has_detail = lines.peek().is_some_and(|next| next.starts_with("    "));
            (has_detail && !line.starts_with(' ') && summary.starts_with(|first: char| first.is_ascii_uppercase()))
                .then_some(summary)
        };
        found.extend(printed.or_else(at_a_path));
    }
    found
}

#[test]
fn what_users_are_told_most_often_is_explained() {
    let snapshots = of_tests("snap");
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for summary in snapshots.iter().flat_map(|snapshot| summaries(snapshot)) {
        *told.entry(summary).or_default() += 1;
    }
    let explained = explained();
    let often = told.iter().filter(|(_, snapshots)| **snapshots >= 3);
    let missing: Vec<_> = often
        .clone()
        .filter(|(summary, _)| !explained.iter().any(|title| title == **summary))
        .collect();
    assert!(missing.is_empty(), "the page does not explain {missing:#?}");
    assert!(often.count() >= 15, "{told:#?}");
}

/// What the page has in bold: the summaries that it explains by family.
fn explained_by_family() -> Vec<String> {
    let text = fs::read_to_string(binaries::repository().join("docs/guides/troubleshooting.md")).unwrap();
    let text = on_one_line(&text);
    text.split("**").skip(1).step_by(2).map(str::to_owned).collect()
}

/// The arguments of a call whose text begins behind the bracket.
fn arguments_of(call: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped, mut from) = (0, false, false, 0);
    let mut found = Vec::new();
    for (at, letter) in call.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | ')' if depth == 0 => {
                found.push(call.get(from..at).unwrap().trim());
                from = at + 1;
                if letter == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    found.retain(|argument| !argument.is_empty());
    found
}

/// The summaries that the source writes down, with `…` for what is put into them.
fn summaries_in_the_source() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files(&binaries::repository().join("src/provider"), "rs")
        .into_iter()
        .chain(files(&binaries::repository().join("src/workloads"), "rs"))
    {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (call, position) in [(".error_at(", 1), (".warning_at(", 1), (".error(", 0), (".warning(", 0)] {
            for (at, _) in text.match_indices(call) {
                let arguments = arguments_of(text.get(at + call.len()..).unwrap());
                // In front of the summary stands a path, in some calls; behind it stands the detail.
                let position = position.max(arguments.len().saturating_sub(2));
                let argument = arguments
                    .get(position)
                    .map_or("", |argument| argument.trim_start_matches('&'));
                let literal = argument.trim_start_matches("format!(").strip_prefix('"');
                if let Some((summary, _)) = literal.and_then(|literal| literal.split_once('"')) {
                    found.insert(summary.to_owned());
                }
            }
        }
    }
    let blank = |summary: String| {
        let mut parts = summary.split(['{', '}']);
        let first = parts.next().unwrap().to_owned();
        let rest: Vec<&str> = parts.skip(1).step_by(2).collect();
        rest.into_iter().fold(first, |text, part| format!("{text}…{part}"))
    };
    found.into_iter().map(blank).collect()
}

/// Whether a text is of a form with `…` for anything.
fn is_of_form(form: &str, text: &str) -> bool {
    match form.split_once('…') {
        None => form == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_of_form(rest, text.get(at..).unwrap()))
        }),
    }
}

#[test]
fn every_summary_in_the_source_is_on_the_page() {
    let titles: Vec<String> = explained().into_iter().chain(explained_by_family()).collect();
    let summaries = summaries_in_the_source();
    let missing: Vec<&String> = summaries
        .iter()
        .filter(|summary| {
            !titles
                .iter()
                .any(|title| is_of_form(title, summary) || is_of_form(summary, title))
        })
        .collect();
    assert!(missing.is_empty(), "the page does not explain {missing:#?}");
    assert!(summaries.len() >= 120, "{summaries:#?}");
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_refusal_that_the_guide_to_the_proof_quotes_is_what_terraform_prints() {
    let path = binaries::repository().join("docs/guides/reading-the-proof.md");
    let text = fs::read_to_string(&path).unwrap();
    let page = Page { path, text };
    let quoted = page.blocks("text").pop().unwrap();
    let configurations = configurations(&page);
    let printed = workspace(configurations.first().unwrap()).expect_error(&["plan"]);
    assert!(
        on_one_line(&printed).contains(on_one_line(&quoted).as_str()),
        "{printed}"
    );
}

#[test]
fn the_proof_that_the_guide_to_the_proof_quotes_is_the_proof() {
    let path = binaries::repository().join("docs/guides/reading-the-proof.md");
    let text = fs::read_to_string(&path).unwrap();
    let page = Page { path, text };
    let block = page.blocks("terraform").swap_remove(0);
    let planned = workspace(&[block]).plan();
    let proof = &planned.json()["planned_values"]["outputs"]["proof"]["value"];
    let quoted = page.blocks("text").swap_remove(0);
    let said = |name: &str| format!("{name} = {}", proof[name]);
    for line in [said("required_flows"), said("verdict")] {
        assert!(on_one_line(&quoted).contains(line.as_str()), "{line}\n{proof:#}");
    }
    let listed: Vec<&str> = quoted.split('"').filter(|text| text.starts_with("Azure's")).collect();
    assert_eq!(serde_json::json!(listed), proof["baseline"]);
}

#[test]
fn the_first_configurations_plan_without_warnings() {
    let root = binaries::repository();
    let readme = root.join("README.md");
    let text = fs::read_to_string(&readme).unwrap();
    let first = configurations(&Page { path: readme, text }).swap_remove(0);
    let example = fs::read_to_string(root.join("examples/resources/lockeddown_cyclecloud_subnet/resource.tf")).unwrap();
    let attached =
        fs::read_to_string(root.join("examples/resources/lockeddown_aml_attached_compute_ingress/resource.tf"))
            .unwrap();
    for blocks in [first, vec![example], vec![attached]] {
        let outcome = workspace(&blocks).run(&["plan", "-no-color"]).expect_success();
        let printed = format!("{outcome}").replace("Warning: Provider development overrides", "");
        assert!(!printed.contains("Warning: "), "{printed}");
    }
}

#[test]
fn the_plan_of_the_readme_is_the_plan() {
    let path = binaries::repository().join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let page = Page { path, text };
    let configurations = configurations(&page);
    let planned = workspace(configurations.first().unwrap()).plan();
    let rules = planned.change("lockeddown_cyclecloud_subnet.server").after["security_rules"].clone();
    let field = |rule: &serde_json::Value, name: &str| match &rule[name] {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut expected = BTreeSet::new();
    for rule in rules.as_object().unwrap_or_else(|| panic!("{rules:#}")).values() {
        let end = |name: &str| {
            let many = || {
                rule[format!("{name}es")]
                    .as_array()
                    .map(|all| all.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(", "))
            };
            field(rule, name).or_else(many).unwrap_or_default()
        };
        let cells = [
            field(rule, "priority"),
            field(rule, "name"),
            field(rule, "direction"),
            field(rule, "protocol"),
            field(rule, "destination_port_range"),
            Some(end("source_address_prefix")),
            Some(end("destination_address_prefix")),
            field(rule, "access"),
            rule["requirement_ids"][0].as_str().map(str::to_owned),
        ];
        expected.insert(format!("| {} |", cells.map(Option::unwrap_or_default).join(" | ")));
    }
    let rows = page
        .text
        .lines()
        .skip_while(|line| !line.starts_with("| priority |"))
        .skip(2);
    let shown: BTreeSet<String> = rows
        .take_while(|line| line.starts_with('|'))
        .map(str::to_owned)
        .collect();
    assert_eq!(shown, expected);
}
