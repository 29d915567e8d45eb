//! A change that a switch makes, and the source in which every change has its switch.

/// A change to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The number of its switch.
    pub(super) number: usize,
    /// The offset at which it begins.
    pub(super) start: usize,
    /// The offset behind its end.
    pub(super) end: usize,
    /// What is written there.
    pub(super) shape: Shape,
}

/// How a change is written, so that its switch decides. `SWITCH` stands for the question whether it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Something before, where it begins.
    Insert(String),
    /// Something before and something behind.
    Wrap(&'static str, &'static str),
    /// Another operator instead of the one between these offsets.
    Operator(usize, usize, String),
}

/// What stands in the switched source for a change, for errors of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The number of the switch.
    pub(super) number: usize,
    start: usize,
    end: usize,
}

impl Written {
    /// Whether it holds all between the offsets.
    pub(super) fn holds(&self, start: usize, end: usize) -> bool {
        self.start <= start && end <= self.end
    }

    /// How long it is.
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }
}

/// The source with a switch for each edit. Edits that cut through another one are left out.
pub(super) fn switched(source: &str, edits: &[Edit]) -> (String, Vec<Written>) {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| {
        let order = match edit.shape {
            Shape::Insert(_) => 0,
            Shape::Wrap(..) => 1,
            Shape::Operator(..) => 2,
        };
        let insert = order == 0;
        (
            edit.start,
            !insert,
            std::cmp::Reverse(edit.end),
            order,
            edit.number,
        )
    });
    let mut writer = Writer {
        source,
        out: String::with_capacity(source.len() * 2),
        written: Vec::new(),
    };
    writer.range(0, source.len(), &edits);
    (writer.out, writer.written)
}

struct Writer<'s> {
    source: &'s str,
    out: String,
    written: Vec<Written>,
}

impl Writer<'_> {
    /// Writes the source between two offsets, with the edits in it, which are sorted.
    fn range(&mut self, start: usize, end: usize, edits: &[&Edit]) {
        let mut at = start;
        let mut rest = edits;
        while let Some((edit, others)) = rest.split_first() {
            let inner = others.partition_point(|other| other.start < edit.end);
            // One that reaches beyond where we are, or beyond where it stands, cuts through.
            if edit.start < at || edit.end > end {
                rest = others;
                continue;
            }
            self.plain(at, edit.start);
            let begin = self.out.len();
            match &edit.shape {
                Shape::Insert(text) => {
                    self.out.push_str(&with_switch(text, edit.number));
                    self.mark(edit.number, begin);
                    at = edit.start;
                    rest = others;
                    continue;
                }
                Shape::Wrap(before, after) => {
                    self.out.push_str(&with_switch(before, edit.number));
                    self.range(
                        edit.start,
                        edit.end,
                        others.get(..inner).unwrap_or_default(),
                    );
                    self.out.push_str(after);
                    self.mark(edit.number, begin);
                }
                Shape::Operator(from, to, _) => {
                    let same = others.iter().take(inner).take_while(
                        |other| matches!(&other.shape, Shape::Operator(start, ..) if start == from),
                    );
                    let alternatives: Vec<&Edit> =
                        std::iter::once(*edit).chain(same.copied()).collect();
                    let below = others
                        .get(alternatives.len() - 1..inner)
                        .unwrap_or_default();
                    self.operator(edit, (*from, *to), &alternatives, below);
                }
            }
            at = edit.end;
            rest = others.get(inner..).unwrap_or_default();
        }
        self.plain(at, end);
    }

    fn operator(
        &mut self,
        edit: &Edit,
        (from, to): (usize, usize),
        alternatives: &[&Edit],
        below: &[&Edit],
    ) {
        let split = below.partition_point(|other| other.start < from);
        let (left, right) = below.split_at(split);
        self.out.push('(');
        for alternative in alternatives {
            let Shape::Operator(_, _, operator) = &alternative.shape else {
                continue;
            };
            self.out
                .push_str(&with_switch("if SWITCH { ", alternative.number));
            let begin = self.out.len();
            self.range(edit.start, from, left);
            self.out.push_str(operator);
            self.range(to, edit.end, right);
            self.mark(alternative.number, begin);
            self.out.push_str(" } else ");
        }
        self.out.push_str("{ ");
        self.range(edit.start, from, left);
        self.plain(from, to);
        self.range(to, edit.end, right);
        self.out.push_str(" })");
    }

    fn plain(&mut self, start: usize, end: usize) {
        self.out
            .push_str(self.source.get(start..end).unwrap_or_default());
    }

    fn mark(&mut self, number: usize, start: usize) {
        self.written.push(Written {
            number,
            start,
            end: self.out.len(),
        });
    }
}

fn with_switch(text: &str, number: usize) -> String {
    text.replace("SWITCH", &format!("crate::is_on({number})"))
}

/// What the crate gets for the switches to call. It also notes which ones a test comes by.
pub(super) const SWITCH: &str = r#"
pub(crate) fn is_on(number: usize) -> bool {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    static ON: LazyLock<Option<usize>> =
        LazyLock::new(|| std::env::var("SEALCHECK_MUTANT").ok()?.parse().ok());
    static TRACE: LazyLock<Option<std::fs::File>> = LazyLock::new(|| {
        let path = std::env::var_os("SEALCHECK_MUTANT_TRACE")?;
        std::fs::OpenOptions::new().create(true).append(true).open(path).ok()
    });
    static SEEN: [AtomicBool; 16384] = [const { AtomicBool::new(false) }; 16384];
    if let Some(trace) = &*TRACE
        && SEEN.get(number).is_some_and(|seen| !seen.swap(true, Ordering::Relaxed))
    {
        let mut trace = trace;
        let _ = std::io::Write::write_all(&mut trace, format!("{number}\n").as_bytes());
    }
    *ON == Some(number)
}
"#;

#[cfg(test)]
mod tests {
    use super::{Edit, Shape, switched};

    fn edit(number: usize, start: usize, end: usize, shape: Shape) -> Edit {
        Edit {
            number,
            start,
            end,
            shape,
        }
    }

    #[test]
    fn edits_nest_and_inserts_stand_before() {
        let wrap = Shape::Wrap("(SWITCH || (", "))");
        let edits = [
            edit(1, 0, 1, wrap.clone()),
            edit(2, 0, 0, Shape::Insert("if SWITCH { return; } ".into())),
            edit(3, 0, 6, wrap),
            edit(4, 0, 6, Shape::Operator(2, 4, "||".into())),
        ];
        let (text, written) = switched("a && b", &edits);
        let a = "(crate::is_on(1) || (a))";
        assert_eq!(
            text,
            format!(
                "if crate::is_on(2) {{ return; }} (crate::is_on(3) || ((if crate::is_on(4) {{ {a} || b }} else {{ {a} && b }})))"
            )
        );
        let changed = text.find("|| b").unwrap();
        let smallest = written
            .iter()
            .filter(|written| written.holds(changed, changed + 4))
            .min_by_key(|written| written.length());
        assert_eq!(smallest.map(|written| written.number), Some(4));
    }

    #[test]
    fn one_operator_can_become_several_others() {
        let edits = [
            edit(1, 0, 5, Shape::Operator(2, 3, "==".into())),
            edit(2, 0, 5, Shape::Operator(2, 3, ">".into())),
        ];
        assert_eq!(
            switched("a < b", &edits).0,
            "(if crate::is_on(1) { a == b } else if crate::is_on(2) { a > b } else { a < b })"
        );
    }

    #[test]
    fn what_cuts_through_another_is_left_out() {
        let wrap = Shape::Wrap("[SWITCH ", "]");
        let edits = [edit(1, 0, 4, wrap.clone()), edit(2, 2, 6, wrap)];
        assert_eq!(switched("abcdef", &edits).0, "[crate::is_on(1) abcd]ef");
    }
}
