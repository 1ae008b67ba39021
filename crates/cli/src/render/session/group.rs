//! A group, for people and programs.

use serde_json::{Value, json};
use tenure_core::id::GroupName;
use tenure_store::GroupMember;

use super::title;
use crate::render::{Look, Report, Tone, with};
use tenure_words::{documents, who};

/// A group, and of each member whether its holder is there.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: GroupName,
    pub(crate) limit: Option<u32>,
    pub(crate) members: Vec<(bool, GroupMember)>,
}

impl Group {
    fn of(&self, waits: bool) -> impl Iterator<Item = &(bool, GroupMember)> {
        self.members.iter().filter(move |(_, member)| member.ticket.is_some() == waits)
    }
}

impl Report for Group {
    fn text(&self, look: &Look) -> String {
        let limit = self.limit.map_or_else(|| "no limit".to_owned(), |limit| format!("limit {limit}"));
        let there = |waits| self.of(waits).filter(|(is_there, _)| *is_there).count();
        let heading =
            format!("Group `{}`: {limit}, {} at work, {} waiting.\n", self.name, there(false), there(true));
        let line = |(is_there, member): &(bool, GroupMember)| {
            let what = if member.ticket.is_some() { "waits " } else { "active" };
            let holder = member.session.lease.as_ref().map_or_else(String::new, |lease| who(&lease.holder));
            let left = if *is_there { String::new() } else { look.paint(Tone::Bad, ", which has left it") };
            format!("  {what}  {}, held by {holder}{left}\n", title(&member.session))
        };
        std::iter::once(heading).chain(self.members.iter().map(line)).collect()
    }

    fn json(&self) -> Value {
        let group = documents::group(&self.name, self.limit, &self.members);
        with(json!({ "command": "group", "ok": true }), &group)
    }
}
