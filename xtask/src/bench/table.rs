//! The table of results, which grows while it is measured: whoever stops early keeps what there is.

const WIDTH: usize = 84;

/// Prints a row as soon as it is known.
pub(super) struct Table {
    begun: bool,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { begun: false }
    }

    #[expect(clippy::print_stdout, reason = "the table is the result")]
    pub(super) fn row(&mut self, name: impl Into<String>, value: impl Into<String>) {
        if !self.begun {
            println!(
                "\n| {:WIDTH$} | here |\n|-{}-|---:|",
                "measured (median)",
                "-".repeat(WIDTH)
            );
            self.begun = true;
        }
        println!("| {:WIDTH$} | {} |", name.into(), value.into());
    }
}
