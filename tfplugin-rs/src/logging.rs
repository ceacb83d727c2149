//! The provider's log, as Terraform reads it: one JSON object per line on standard error, in the form of hclog.
//!
//! Terraform decides what is shown; the provider only saves itself the work of formatting what nobody wants. Nothing is logged
//! unless one of `TF_LOG_PROVIDER_<NAME>`, `TF_LOG_PROVIDER` and `TF_LOG` asks for it; the first that is set counts.
//!
//! Events of [`tracing`] become lines; the fields of the spans around them (`tf_rpc`, `tf_req_id` …) become keys. Only events of
//! the provider's own crates are logged below a warning: HTTP and TLS libraries tell too much, and too much that is secret.

use std::{
    collections::HashSet,
    env,
    error::Error,
    fmt::{Debug, Write as _},
    io::Write as _,
};

use serde_json::{Map, Value};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::Interest,
};
use tracing_subscriber::{
    Layer, Registry,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::{Context, Filter, SubscriberExt},
    registry::LookupSpan,
};

/// Terraform cuts a line of 64 KiB into pieces that are no JSON any more.
const LINE_LIMIT: usize = 60 << 10;

/// The most of one value. JSON writes a byte with up to six, and a line without its fields must still be within the limit.
const VALUE_LIMIT: usize = 8 << 10;

/// The level that the environment asks for. `name` is the provider's, as in `lockeddown`.
pub fn level(name: &str) -> LevelFilter {
    level_from(name, |variable| env::var(variable).ok())
}

fn level_from(name: &str, variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
    let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|v| variable(v).filter(|v| !v.is_empty()));
    match asked.map(|level| level.to_uppercase()).as_deref() {
        None | Some("OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        // `TRACE`, `JSON`, and what Terraform does with any other word.
        Some(_) => LevelFilter::TRACE,
    }
}

/// Sends the events of this process to standard error, down to `level`. Below a warning only those count whose target begins
/// with one of `targets`, the names of crates. Does nothing for [`LevelFilter::OFF`] and where a subscriber is set already.
pub fn init(level: LevelFilter, targets: &'static [&'static str]) {
    if level == LevelFilter::OFF {
        return;
    }
    let stderr = |line: &str| {
        // A host that does not read has gone.
        let _unheard = std::io::stderr().lock().write_all(line.as_bytes());
    };
    let _already_set = tracing::subscriber::set_global_default(subscriber(level, targets, stderr));
}

fn subscriber(
    level: LevelFilter,
    targets: &'static [&'static str],
    write: impl Fn(&str) + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    Registry::default().with(Hclog { write }.with_filter(Wanted { level, targets }))
}

/// Which events become lines.
struct Wanted {
    level: LevelFilter,
    targets: &'static [&'static str],
}

impl Wanted {
    fn is(&self, metadata: &Metadata<'_>) -> bool {
        let crate_name = metadata.target().split("::").next().unwrap_or_default();
        let own = crate_name == env!("CARGO_CRATE_NAME") || self.targets.contains(&crate_name);
        // Spans of any level: a warning wants to say in which call it arose.
        if metadata.is_span() {
            own
        } else {
            *metadata.level() <= self.level && (own || *metadata.level() <= Level::WARN)
        }
    }
}

impl<S> Filter<S> for Wanted {
    fn enabled(&self, metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        self.is(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }
}

/// Writes events as lines.
struct Hclog<W> {
    write: W,
}

/// The fields of a span or event, as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        // From the outermost span inwards: the nearest has the last word.
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(Fields(of_span)) = span.extensions().get::<Fields>() {
                fields.extend(of_span.clone());
            }
        }
        let mut own = Fields::default();
        event.record(&mut own);
        fields.extend(own.0);
        (self.write)(&line(event.metadata(), fields));
    }
}

/// One line, with its end.
fn line(metadata: &Metadata<'_>, mut fields: Map<String, Value>) -> String {
    // The host demands strings for its own four keys, and would crash on anything else.
    fields.retain(|key, _| !key.starts_with('@'));
    let message = match fields.remove("message") {
        Some(Value::String(message)) => message,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut entry = Map::from_iter([
        ("@level".to_owned(), metadata.level().as_str().to_lowercase().into()),
        ("@message".to_owned(), message.into()),
        ("@module".to_owned(), metadata.target().replace("::", ".").into()),
        ("@timestamp".to_owned(), timestamp().into()),
    ]);
    let essential = entry.clone();
    entry.extend(fields);
    let mut line = Value::Object(entry).to_string();
    if line.len() > LINE_LIMIT {
        let mut entry = essential;
        entry.insert("fields_omitted".to_owned(), true.into());
        line = Value::Object(entry).to_string();
    }
    line.push('\n');
    line
}

/// Now, in UTC, with six digits of a second: any other number of digits and the host logs the line as it is.
fn timestamp() -> String {
    let mut now = String::with_capacity(27);
    match SystemTime.format_time(&mut Writer::new(&mut now)) {
        Ok(()) => now,
        Err(_) => "1970-01-01T00:00:00.000000Z".to_owned(),
    }
}

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn insert_text(&mut self, field: &Field, mut text: String) {
        if text.len() > VALUE_LIMIT {
            let length = text.len();
            let end = (0..=VALUE_LIMIT).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or_default());
            let _infallible = write!(text, "… ({length} bytes)");
        }
        self.insert(field, text);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert_text(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert_text(field, value.to_owned());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        let mut text = error.to_string();
        let mut seen = HashSet::from([text.clone()]);
        for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
            // Many errors repeat their cause in their own text.
            if seen.insert(cause.to_string()) {
                let _infallible = write!(text, ": {cause}");
            }
        }
        self.insert_text(field, text);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is written while `story` runs, without the time.
    fn log(level: LevelFilter, story: impl FnOnce()) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
        tracing::subscriber::with_default(subscriber(level, &["provider"], write), story);
        let lines = lines.lock().unwrap();
        lines
            .iter()
            .map(|line| {
                assert!(line.len() < 64 << 10, "{} bytes", line.len());
                assert_eq!(line.find('\n'), Some(line.len() - 1), "one line: {line}");
                let mut entry: Value = serde_json::from_str(line).unwrap();
                let time = entry.as_object_mut().unwrap().remove("@timestamp").unwrap();
                let shape: String = time
                    .as_str()
                    .unwrap()
                    .chars()
                    .map(|c| if c.is_ascii_digit() { '0' } else { c })
                    .collect();
                assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
                entry
            })
            .collect()
    }

    fn text(entries: &[Value]) -> Vec<String> {
        entries.iter().map(Value::to_string).collect()
    }

    #[test]
    fn an_event_has_its_own_fields_and_those_of_the_spans_around_it() {
        let entries = log(LevelFilter::TRACE, || {
            let _rpc = tracing::info_span!("rpc", tf_rpc = "ReadResource", tf_req_id = 7u64, status = 1).entered();
            let inner = tracing::info_span!("arm", status = tracing::field::Empty).entered();
            inner.record("status", 200);
            tracing::debug!(target: "provider::cloud", url = %"https://example.com", retry = false, "asked");
        });
        assert_eq!(
            text(&entries),
            [concat!(
                r#"{"@level":"debug","@message":"asked","@module":"provider.cloud","retry":false,"status":200,"#,
                r#""tf_req_id":7,"tf_rpc":"ReadResource","url":"https://example.com"}"#
            )]
        );
    }

    #[test]
    fn a_warning_says_in_which_call_it_arose() {
        let entries = log(LevelFilter::WARN, || {
            let _rpc = tracing::debug_span!("rpc", tf_rpc = "ReadResource").entered();
            tracing::info!("not asked for");
            tracing::warn!(target: "h2::codec", "slow");
        });
        assert_eq!(
            text(&entries),
            [r#"{"@level":"warn","@message":"slow","@module":"h2.codec","tf_rpc":"ReadResource"}"#]
        );
    }

    #[test]
    fn an_error_brings_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read")]
        struct Outer(#[source] std::io::Error);

        let error = Outer(std::io::Error::other("disk on fire"));
        let entries = log(LevelFilter::TRACE, || {
            tracing::warn!(error = &error as &(dyn Error + 'static), "oh");
        });
        assert_eq!(entries[0]["error"], "cannot read: disk on fire");
    }

    #[test]
    fn nothing_below_the_level_and_nothing_chatty_of_others() {
        let entries = log(LevelFilter::DEBUG, || {
            tracing::trace!(target: "provider", "too low");
            tracing::debug!(target: "h2::codec", "authorization: Bearer …");
            tracing::debug!(target: "provider_of_others", "not ours");
            tracing::warn!(target: "h2::codec", "worth knowing");
            tracing::debug!("the library itself");
        });
        let messages: Vec<_> = entries
            .iter()
            .map(|entry| entry["@message"].as_str().unwrap())
            .collect();
        assert_eq!(messages, ["worth knowing", "the library itself"]);
    }

    #[test]
    fn the_hosts_keys_are_strings_whatever_an_event_says() {
        let entries = log(LevelFilter::TRACE, || {
            tracing::info!(target: "provider", message = 4);
            tracing::info!(target: "provider", { "@level" = 3 }, "five");
        });
        assert_eq!(
            text(&entries),
            [
                r#"{"@level":"info","@message":"4","@module":"provider"}"#,
                r#"{"@level":"info","@message":"five","@module":"provider"}"#,
            ]
        );
    }

    #[test]
    fn a_huge_value_is_cut_and_a_huge_line_loses_its_fields() {
        let huge = "ä\n".repeat(100_000);
        let entries = log(LevelFilter::TRACE, || {
            tracing::info!(target: "provider", huge, "one");
            let hostile = "\u{1}".repeat(100_000);
            tracing::info!(target: "provider", a = hostile, b = hostile, "{hostile}");
        });
        let cut = entries[0]["huge"].as_str().unwrap();
        assert!(cut.starts_with("ä\nä\n") && cut.ends_with("… (300000 bytes)") && cut.len() < 9000);
        assert_eq!(entries[1]["fields_omitted"], true);
        assert!(entries[1]["@message"].as_str().unwrap().ends_with("… (100000 bytes)"));
        assert_eq!(entries[1].get("a"), None);
    }

    #[test]
    fn the_nearest_variable_decides_the_level() {
        let level = |variables: &[(&str, &str)]| {
            level_from("locked-down", |name| {
                variables
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(level(&[]), LevelFilter::OFF);
        assert_eq!(level(&[("TF_LOG", "debug")]), LevelFilter::DEBUG);
        assert_eq!(level(&[("TF_LOG", "JSON")]), LevelFilter::TRACE);
        assert_eq!(level(&[("TF_LOG", "nonsense")]), LevelFilter::TRACE);
        assert_eq!(
            level(&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "off")]),
            LevelFilter::OFF
        );
        assert_eq!(level(&[("TF_LOG", "WARN"), ("TF_LOG_PROVIDER", "")]), LevelFilter::WARN);
        assert_eq!(
            level(&[("TF_LOG_PROVIDER", "ERROR"), ("TF_LOG_PROVIDER_LOCKED_DOWN", "INFO")]),
            LevelFilter::INFO
        );
    }
}
