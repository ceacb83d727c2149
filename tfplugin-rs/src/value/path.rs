//! Where in a value something is: the path a diagnostic points at.

use std::fmt;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// An attribute of an object or block.
    Attribute(String),
    /// An element of a map.
    Key(String),
    /// An element of a list, counted from 0. The elements of a set cannot be addressed.
    Index(i64),
}

/// A place in a value. The empty path is the whole value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl Path {
    /// The whole value.
    pub fn root() -> Self {
        Path::default()
    }

    /// An attribute of the whole value.
    pub fn attribute(name: impl Into<String>) -> Self {
        Path::root().child(name)
    }

    /// An attribute of what this path names.
    #[must_use]
    pub fn child(&self, name: impl Into<String>) -> Self {
        self.join(Step::Attribute(name.into()))
    }

    /// A map element of what this path names.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.join(Step::Key(key.into()))
    }

    /// A list element of what this path names.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// This path with one more step.
    #[must_use]
    pub fn join(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    /// This path as seen from one step further out: how an error found inside learns where it is on its way back.
    #[must_use]
    pub(crate) fn under(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }

    /// The steps from the whole value inwards.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this path names the whole value.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    /// As in HCL: `egress.rules["a"][0]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => formatter.write_str(name)?,
                Step::Attribute(name) => write!(formatter, ".{name}")?,
                Step::Key(key) => write!(formatter, "[{key:?}]")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_hcl() {
        let path = Path::attribute("license_servers")
            .key("flex")
            .child("managers")
            .index(2);
        assert_eq!(path.to_string(), r#"license_servers["flex"].managers[2]"#);
    }
}
