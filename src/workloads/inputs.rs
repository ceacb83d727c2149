//! Reading inputs: from Terraform's three-state values to validated types, every problem reported at its argument.
//!
//! A getter answers `Err(Stop)` when the value is unusable (reported) or not known yet (noted). Read everything first and use `?`
//! afterwards, so that a user sees all problems at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use tfplugin_rs::value::{Path, Value};

use super::{
    argument::{Argument, Default, Kind},
    problem::{Findings, Stop},
};
use crate::network::{Known, Prefix};

/// The inputs of one object, with the arguments it has.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    values: &'a Value,
    arguments: &'a [&'static Argument],
    findings: &'a Findings,
    path: &'a Path,
}

impl<'a> Inputs<'a> {
    /// Inputs at `path` of the configuration.
    pub fn new(
        values: &'a Value,
        arguments: &'a [&'static Argument],
        findings: &'a Findings,
        path: &'a Path,
    ) -> Inputs<'a> {
        Inputs {
            values,
            arguments,
            findings,
            path,
        }
    }

    /// The same arguments with other values.
    pub fn of<'b>(&self, values: &'b Value, findings: &'b Findings, path: &'b Path) -> Inputs<'b>
    where
        'a: 'b,
    {
        Inputs::new(values, self.arguments, findings, path)
    }

    /// The values as they are without an argument.
    pub fn without(&self, name: &str) -> Value {
        let mut values = self.values.clone();
        values.set_attribute(name, Value::Null);
        values
    }

    /// Where findings go.
    pub fn findings(&self) -> &'a Findings {
        self.findings
    }

    /// The path of an argument.
    pub fn path(&self, name: &str) -> Path {
        self.path.child(name)
    }

    /// A switch; false when it is not set and has no default.
    pub fn flag(&self, name: &str) -> Result<bool, Stop> {
        match self.known(name)? {
            Value::Bool(truth) => Ok(*truth),
            Value::Null => Ok(self.default(name) == Default::Flag(true)),
            other => Err(self.wrong_type(name, "a bool", other)),
        }
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Stop> {
        match self.known(name)? {
            Value::Number(number) => match number.to_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.findings.error(
                    self.path(name),
                    "Not a whole number",
                    format!("`{name}` is `{number}`: a whole number is expected."),
                )),
            },
            Value::Null => Ok(match self.default(name) {
                Default::Number(number) => Some(number),
                _ => None,
            }),
            other => Err(self.wrong_type(name, "a number", other)),
        }
    }

    /// Text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Stop> {
        match self.known(name)? {
            Value::String(text) => Ok(Some(text.clone())),
            Value::Null => match self.default(name) {
                Default::Text(text) => Ok(Some(text.to_owned())),
                _ if self.argument(name).is_some_and(|argument| argument.required) => Err(self.missing(name)),
                _ => Ok(None),
            },
            other => Err(self.wrong_type(name, "a string", other)),
        }
    }

    /// Text that decides nothing but its own place in the result, such as an id.
    pub fn leaf(&self, name: &str) -> Result<Option<Known<String>>, Stop> {
        if self.values.attribute(name).is_unknown() {
            return Ok(Some(Known::NotYet));
        }
        Ok(self.text(name)?.map(Known::Is))
    }

    /// One of the argument's words.
    pub fn choice(&self, name: &str) -> Result<String, Stop> {
        let text = self.text(name)?.ok_or_else(|| self.missing(name))?;
        let Some(Kind::Choice(words)) = self.argument(name).map(|argument| argument.kind) else {
            return Ok(text);
        };
        if words.contains(&text.as_str()) {
            return Ok(text);
        }
        let offered: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let suggestion = nearest(&text, words.iter().copied());
        let suggestion = suggestion.map_or_else(String::new, |word| format!(" Did you mean `{word}`?"));
        Err(self.findings.error(
            self.path(name),
            "Unknown choice",
            format!(
                "`{name}` is `{text}`: it must be one of {}.{suggestion}",
                offered.join(", ")
            ),
        ))
    }

    /// One of the argument's words, or nothing.
    pub fn optional_choice(&self, name: &str) -> Result<Option<String>, Stop> {
        match self.text(name)? {
            Some(_) => self.choice(name).map(Some),
            None => Ok(None),
        }
    }

    /// A switch that may be left open.
    pub fn optional_flag(&self, name: &str) -> Result<Option<bool>, Stop> {
        match self.known(name)? {
            Value::Null => Ok(None),
            _ => self.flag(name).map(Some),
        }
    }

    /// A set of text; empty when it is not set.
    pub fn texts(&self, name: &str) -> Result<BTreeSet<String>, Stop> {
        Ok(self.optional_texts(name)?.unwrap_or_default())
    }

    /// The same where an empty set says something else than none; `None` when it is not set.
    pub fn optional_texts(&self, name: &str) -> Result<Option<BTreeSet<String>>, Stop> {
        match self.known(name)? {
            Value::Null => Ok(None),
            Value::List(elements) => elements
                .iter()
                .map(|element| match element {
                    Value::String(text) => Ok(text.clone()),
                    Value::Null => Err(self.null_within(name, self.path(name))),
                    element if element.is_unknown() => Err(self.findings.not_known_yet(self.path(name))),
                    other => Err(self.wrong_type(name, "a set of strings", other)),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            other => Err(self.wrong_type(name, "a set of strings", other)),
        }
    }

    /// Address prefixes; empty when they are not set. Not knowing them is not knowing the address families, and so which rules
    /// there are.
    pub fn prefixes(&self, name: &str) -> Result<BTreeSet<Prefix>, Stop> {
        let texts = self.texts(name)?;
        let mut prefixes = BTreeSet::new();
        let mut stop = None;
        for text in texts {
            match text.parse::<Prefix>() {
                Ok(prefix) => {
                    prefixes.insert(prefix);
                }
                Err(error) => {
                    let detail = format!("In `{name}`, {error}.");
                    stop = Some(self.findings.error(self.path(name), "Invalid address prefix", detail));
                }
            }
        }
        stop.map_or(Ok(prefixes), Err)
    }

    /// Text by name. The names decide, the texts need not be known.
    pub fn text_map(&self, name: &str) -> Result<BTreeMap<String, Known<String>>, Stop> {
        match self.known(name)? {
            Value::Null => Ok(BTreeMap::new()),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, value)| match value {
                    Value::String(text) => Ok((key.clone(), Known::Is(text.clone()))),
                    Value::Null => Err(self.null_within(name, self.path(name).key(key))),
                    value if value.is_unknown() => Ok((key.clone(), Known::NotYet)),
                    other => Err(self.wrong_type(name, "a map of strings", other)),
                })
                .collect(),
            other => Err(self.wrong_type(name, "a map of strings", other)),
        }
    }

    /// Whether the argument says anything beyond its default. What is not known yet may still turn out to say nothing.
    pub fn is_set(&self, name: &str) -> bool {
        match (self.values.attribute(name), self.default(name)) {
            (Value::Null | Value::Unknown(_), _) => false,
            (Value::List(elements), _) => !elements.is_empty(),
            (Value::Bool(given), Default::Flag(default)) => *given != default,
            (Value::String(given), Default::Text(default)) => given != default,
            (Value::Number(given), Default::Number(default)) => given.to_i64() != Some(default),
            _ => true,
        }
    }

    /// Reads an object with `read`; `None` when it is not set.
    pub fn object<T>(&self, name: &str, read: impl FnOnce(&Inputs<'_>) -> Result<T, Stop>) -> Result<Option<T>, Stop> {
        match self.known(name)? {
            Value::Null => Ok(None),
            value @ Value::Map(_) => self.read_nested(value, name, &self.path(name), read).map(Some),
            other => Err(self.wrong_type(name, "an object", other)),
        }
    }

    /// Reads each object of a map with `read`; empty when it is not set.
    pub fn objects<T>(
        &self,
        name: &str,
        read: impl Fn(&str, &Inputs<'_>) -> Result<T, Stop>,
    ) -> Result<BTreeMap<String, T>, Stop> {
        match self.known(name)? {
            Value::Null => Ok(BTreeMap::new()),
            Value::Map(entries) => {
                let read_one = |key: &String, value: &Value| {
                    if value.is_unknown() {
                        return Err(self.findings.not_known_yet(self.path(name).key(key)));
                    }
                    self.read_nested(value, name, &self.path(name).key(key), |inputs| read(key, inputs))
                };
                let objects: Vec<_> = entries.iter().map(|(key, value)| (key, read_one(key, value))).collect();
                objects
                    .into_iter()
                    .map(|(key, object)| Ok((key.clone(), object?)))
                    .collect()
            }
            other => Err(self.wrong_type(name, "a map of objects", other)),
        }
    }

    /// Refuses attributes that no argument has, with the nearest name: what Terraform does for a block and nobody does for the
    /// dynamic inputs of a function.
    pub fn refuse_unknown_names(&self) -> Result<(), Stop> {
        let mut refused = Ok(());
        for name in self.values.as_map().into_iter().flat_map(BTreeMap::keys) {
            if self.argument(name).is_none() {
                let suggestion = nearest(name, self.arguments.iter().map(|argument| argument.name));
                let suggestion = suggestion.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
                let detail = format!("There is no argument `{name}`.{suggestion}");
                refused = Err(self.findings.error(self.path(name), "Unsupported argument", detail));
            }
        }
        refused
    }

    fn read_nested<T>(
        &self,
        value: &Value,
        name: &str,
        path: &Path,
        read: impl FnOnce(&Inputs<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let nested: Vec<&'static Argument> = match self.argument(name).map(|argument| argument.kind) {
            Some(Kind::Object(arguments) | Kind::ObjectMap(arguments)) => arguments.iter().collect(),
            _ => Vec::new(),
        };
        let inputs = Inputs::new(value, &nested, self.findings, path);
        inputs.refuse_unknown_names()?;
        read(&inputs)
    }

    fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| argument.name == name).copied()
    }

    fn default(&self, name: &str) -> Default {
        self.argument(name)
            .map_or(Default::Nothing, |argument| argument.default)
    }

    fn known(&self, name: &str) -> Result<&'a Value, Stop> {
        match self.values.attribute(name) {
            Value::Unknown(_) => Err(self.findings.not_known_yet(self.path(name))),
            Value::Dynamic(dynamic) if dynamic.value.is_unknown() => Err(self.findings.not_known_yet(self.path(name))),
            Value::Dynamic(dynamic) => Ok(&dynamic.value),
            value => Ok(value),
        }
    }

    fn missing(&self, name: &str) -> Stop {
        self.findings
            .error(self.path(name), "Missing argument", format!("`{name}` must be set."))
    }

    /// One of the elements is null, which Terraform lets pass.
    fn null_within(&self, name: &str, path: Path) -> Stop {
        let whose = match path == self.path(name) {
            true => format!("An element of `{name}`"),
            false => format!("`{path}`"),
        };
        let detail = format!("{whose} is null: each is a string. Leave it out, or say what it is.");
        self.findings.error(path, "Null element", detail)
    }

    fn wrong_type(&self, name: &str, expected: &str, given: &Value) -> Stop {
        let kind = match given {
            Value::Null | Value::Unknown(_) => "null",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Dynamic(_) => "a value of any type",
        };
        let detail = format!("`{name}` is {kind}: {expected} is expected.");
        self.findings.error(self.path(name), "Wrong type", detail)
    }
}

/// The candidate whose spelling is nearest, if it is near at all.
pub fn nearest<'c>(text: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(candidate, text), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Parses text with an error at the argument it came from.
pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
    inputs: &Inputs<'_>,
    name: &str,
    summary: &str,
    text: &str,
) -> Result<T, Stop> {
    text.parse()
        .map_err(|error: T::Err| inputs.findings().error(inputs.path(name), summary, format!("{error}.")))
}
