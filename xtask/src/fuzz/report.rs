//! What libFuzzer says in the end, as a table.

use std::fmt::Write;

/// The figures of one target.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) target: String,
    /// Whether it stopped at an input.
    pub(super) found: bool,
    /// Inputs that were run.
    executions: u64,
    per_second: u64,
    /// Covered edges, and what libFuzzer counts as features of the way through them.
    coverage: u64,
    features: u64,
    /// Inputs that reach something of their own.
    corpus: u64,
}

impl Figures {
    /// Reads the last line with figures, such as `#4096 DONE cov: 12 ft: 34 corp: 5/67b lim: 8 exec/s: 9 rss: 10Mb`.
    pub(super) fn read(target: &str, log: &str, found: bool) -> Self {
        let last = log
            .lines()
            .rfind(|line| line.starts_with('#') && line.contains(" cov: "))
            .unwrap_or_default();
        let number = |text: &str| -> u64 {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or_default()
        };
        let after = |name: &str| {
            last.split_once(name)
                .map_or(0, |(_, rest)| number(rest.trim_start()))
        };
        let statistic = |name: &str| {
            log.lines()
                .find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name))
                .map(|rest| number(rest.trim_start_matches(':').trim_start()))
        };
        Self {
            target: target.to_owned(),
            found,
            executions: statistic("number_of_executed_units")
                .unwrap_or_else(|| number(last.trim_start_matches('#'))),
            per_second: statistic("average_exec_per_sec").unwrap_or_else(|| after(" exec/s:")),
            coverage: after(" cov:"),
            features: after(" ft:"),
            corpus: after(" corp:"),
        }
    }

    /// Whether all inputs, the seeds among them, went the same way: then the target tests nothing.
    pub(super) fn is_blind(&self) -> bool {
        !self.found && self.corpus < 2
    }

    /// One line for people who wait.
    pub(super) fn line(&self) -> String {
        format!(
            "{}: {} executions, cov {}, ft {}, {}",
            self.target,
            self.executions,
            self.coverage,
            self.features,
            match self.found {
                true => "A FINDING",
                false => "no finding",
            }
        )
    }
}

/// The table of docs/fuzzing.md.
pub(super) fn table(figures: &[Figures]) -> String {
    let mut table = String::from(
        "| target | executions | a second | cov | ft | corpus | findings |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    for one in figures {
        let Figures {
            target,
            executions,
            per_second,
            coverage,
            features,
            corpus,
            found,
        } = one;
        let found = if *found { "yes" } else { "none" };
        let _ = writeln!(
            table,
            "| `{target}` | {executions} | {per_second} | {coverage} | {features} | {corpus} | {found} |"
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Figures, table};

    #[test]
    fn the_last_figures_count() {
        let log = "#2\tINITED cov: 1 ft: 2 corp: 1/2b exec/s: 0 rss: 3Mb\n\
                   #4096\tDONE   cov: 12 ft: 34 corp: 5/67b lim: 8 exec/s: 9 rss: 10Mb\n\
                   stat::number_of_executed_units: 4097\nstat::average_exec_per_sec:     409\n";
        let figures = Figures::read("key", log, false);
        assert_eq!(
            table(&[figures]).lines().last(),
            Some("| `key` | 4097 | 409 | 12 | 34 | 5 | none |")
        );
        let crashed = Figures::read("key", "#7\tNEW    cov: 3 ft: 4 corp: 5/6b\nboom\n", true);
        assert_eq!(crashed.executions, 7);
        assert!(crashed.line().contains("A FINDING"));
    }
}
