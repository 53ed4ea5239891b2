//! How two texts differ, line by line.

/// So many lines of the parts that differ are compared in pairs at most; beyond that all of the one are removed and all of the other added.
const MOST_PAIRS: usize = 4_000_000;

/// A line that only one of two texts has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// Only the later text has it; otherwise only the earlier one.
    pub is_added: bool,
    /// Its number in the text that has it, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

/// The fewest lines whose removal and addition turn `before` into `after`, in the order of the texts.
pub fn line_changes(before: &str, after: &str) -> Vec<LineChange> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let ends = before.iter().skip(start).rev().zip(after.iter().skip(start).rev());
    let end = ends.take_while(|(one, other)| one == other).count();
    let old = before.get(start..before.len() - end).unwrap_or_default();
    let new = after.get(start..after.len() - end).unwrap_or_default();
    let change = |is_added, at: usize, text: &str| LineChange {
        is_added,
        line: start + at + 1,
        text: text.to_owned(),
    };
    let kept = if old.len().saturating_mul(new.len()) > MOST_PAIRS { Vec::new() } else { kept(old, new) };
    let (mut changes, mut from) = (Vec::new(), (0, 0));
    for (to_old, to_new) in kept.into_iter().chain([(old.len(), new.len())]) {
        let part = |lines: &[&str], from: usize, to: usize, is_added: bool| {
            let lines = lines.iter().enumerate().take(to).skip(from);
            lines.map(|(at, text)| change(is_added, at, text)).collect::<Vec<_>>()
        };
        changes.extend(part(old, from.0, to_old, false));
        changes.extend(part(new, from.1, to_new, true));
        from = (to_old + 1, to_new + 1);
    }
    changes
}

/// The longest sequence of lines that both have, by their places.
fn kept(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    // From each pair of places on, how many lines both still have.
    let mut both = vec![0_u32; (old.len() + 1) * width];
    let of = |both: &[u32], at: (usize, usize)| both.get(at.0 * width + at.1).copied().unwrap_or_default();
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let longest = match one == other {
                true => of(&both, (i + 1, j + 1)) + 1,
                false => of(&both, (i + 1, j)).max(of(&both, (i, j + 1))),
            };
            if let Some(here) = both.get_mut(i * width + j) {
                *here = longest;
            }
        }
    }
    let (mut kept, mut at) = (Vec::new(), (0, 0));
    while let Some((one, other)) = old.get(at.0).zip(new.get(at.1)) {
        if one == other {
            kept.push(at);
            at = (at.0 + 1, at.1 + 1);
        } else if of(&both, (at.0 + 1, at.1)) >= of(&both, (at.0, at.1 + 1)) {
            at.0 += 1;
        } else {
            at.1 += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The changes in one line, such as `-2b +2x`.
    fn said(before: &str, after: &str) -> String {
        let one = |change: &LineChange| {
            format!("{}{}{}", if change.is_added { '+' } else { '-' }, change.line, change.text)
        };
        line_changes(before, after).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The later text, made of the earlier one and the changes.
    fn applied(before: &str, changes: &[LineChange]) -> Vec<String> {
        let removed: Vec<usize> = changes.iter().filter(|it| !it.is_added).map(|it| it.line).collect();
        let lines = before.lines().enumerate().filter(|(at, _)| !removed.contains(&(at + 1)));
        let mut lines: Vec<String> = lines.map(|(_, line)| line.to_owned()).collect();
        for added in changes.iter().filter(|it| it.is_added) {
            lines.insert(added.line - 1, added.text.clone());
        }
        lines
    }

    #[test]
    fn only_what_differs_is_told_with_its_line() {
        for (before, after, told) in [
            ("", "", ""),
            ("a\nb\nc", "a\nb\nc\n", ""),
            ("a\nb\nc", "a\nx\nc", "-2b +2x"),
            ("a\nc", "a\nb\nc", "+2b"),
            ("a\nb\nc", "a\nc", "-2b"),
            ("a\nb", "b\na", "-1a +2a"),
            ("", "a", "+1a"),
        ] {
            assert_eq!(said(before, after), told, "{before:?} {after:?}");
        }
    }

    #[test]
    fn very_long_texts_are_told_whole() {
        let text = |of: &str| (0..2_100).map(|n| format!("{of}{n}\n")).collect::<String>();
        assert_eq!(line_changes(&text("a"), &text("b")).len(), 4_200);
    }

    proptest! {
        #[test]
        fn the_changes_make_one_text_of_the_other(
            before in prop::collection::vec("[abc]", 0..9),
            after in prop::collection::vec("[abc]", 0..9),
        ) {
            let (before, after) = (before.join("\n"), after.join("\n"));
            let changes = line_changes(&before, &after);
            prop_assert_eq!(applied(&before, &changes), after.lines().collect::<Vec<_>>());
            prop_assert_eq!(changes.is_empty(), before == after);
        }
    }
}
