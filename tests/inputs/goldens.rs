//! The option sets of the golden tables, read from where they stand.

use std::{fs, iter::Peekable, path::Path, str::Chars};

use tfplugin_rs::value::Value;

use crate::tables::TABLES;

/// Workload, name of the table, and the arguments it is the answer to.
pub(crate) fn goldens() -> Vec<(String, String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    let own = paths.iter().map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let head: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        let [_title, object, arguments @ .., _endpoints] = head.as_slice() else {
            panic!("{}: no head", path.display())
        };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (workload(object), name, arguments_of(&arguments.join("\n")))
    });
    let tables = TABLES.iter().map(|(name, object, shared, arguments, _)| {
        let text = format!("{shared}\n{arguments}");
        (workload(object), (*name).to_owned(), arguments_of(&text))
    });
    own.chain(tables).collect()
}

fn workload(object: &str) -> String {
    object.strip_prefix("lockeddown_").unwrap().to_owned()
}

/// The few forms of Terraform's language that arguments take: texts, numbers, truth, lists and objects.
pub(crate) fn arguments_of(text: &str) -> Value {
    let mut rest = text.chars().peekable();
    let value = entries(&mut rest);
    assert_eq!(rest.next(), None, "{text}");
    value
}

fn entries(rest: &mut Peekable<Chars<'_>>) -> Value {
    let mut found = Vec::new();
    loop {
        skip(rest, " \n,");
        let name = match rest.next_if_eq(&'"') {
            Some(_) => text(rest),
            None => word(rest),
        };
        if name.is_empty() {
            return Value::object(found);
        }
        skip(rest, " =");
        found.push((name, value(rest)));
    }
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Value {
    match rest.peek().copied() {
        Some('"') => {
            rest.next();
            text(rest).into()
        }
        Some('[') => {
            rest.next();
            let mut elements = Vec::new();
            loop {
                skip(rest, " \n,");
                if rest.next_if_eq(&']').is_some() {
                    return Value::List(elements);
                }
                elements.push(value(rest));
            }
        }
        Some('{') => {
            rest.next();
            let object = entries(rest);
            assert_eq!(rest.next(), Some('}'));
            object
        }
        _ => match word(rest).as_str() {
            "true" => true.into(),
            "false" => false.into(),
            "null" => Value::Null,
            number => number.parse::<i64>().unwrap().into(),
        },
    }
}

/// What is left of a text, its closing quote too.
fn text(rest: &mut Peekable<Chars<'_>>) -> String {
    std::iter::from_fn(|| rest.next().filter(|next| *next != '"')).collect()
}

fn word(rest: &mut Peekable<Chars<'_>>) -> String {
    std::iter::from_fn(|| rest.next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-'))).collect()
}

fn skip(rest: &mut Peekable<Chars<'_>>, what: &str) {
    while rest.next_if(|next| what.contains(*next)).is_some() {}
}
