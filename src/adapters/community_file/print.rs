//! A group as a community file has it. What [`super::parse`] reads back is equal.

use crate::adapters::rules_file::{print_conditions, quoted};
use crate::domain::community::{GroupKind, GroupMapping};

/// Writes one group, without a line break at the end.
pub fn print_group(group: &GroupMapping) -> String {
    let GroupMapping { id, name, kind, member, role, when } = group;
    let mut lines = vec![format!("id = {}", quoted(id)), format!("name = {}", quoted(name))];
    match kind {
        GroupKind::SecurityGroup => lines.push("as = \"security_group\"".to_owned()),
        GroupKind::Community(of_type) => {
            lines.push("as = \"community\"".to_owned());
            lines.push(format!("type = {}", quoted(of_type)));
        }
    }
    lines.extend(member.then(|| "member = true".to_owned()));
    lines.extend(role.as_written().map(|text| format!("role = {}", quoted(text))));
    lines.push(format!("when = {}", print_conditions(when)));
    format!("[[group]]\n{}", lines.join("\n"))
}
