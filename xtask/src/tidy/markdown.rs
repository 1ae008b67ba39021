//! The links of a markdown document, and where they lead.

/// A link: the 1-based line it stands on and its target as written, without the fragment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    pub(super) line: usize,
    pub(super) target: &'a str,
}

/// The relative links of a document; what is in code is not a link.
pub(super) fn relative_links(text: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut in_fence = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            in_fence = !in_fence;
        } else if !in_fence {
            links.extend(targets(line).into_iter().map(|target| Link { line: at + 1, target }));
        }
    }
    links
}

fn targets(line: &str) -> Vec<&str> {
    let inline = line.match_indices("](").filter(|(at, _)| !in_code_span(line, *at)).filter_map(|(at, _)| {
        let target = &line[at + 2..];
        Some(&target[..target.find(')')?])
    });
    inline.chain(definition(line)).filter_map(relative_path).collect()
}

fn in_code_span(line: &str, at: usize) -> bool {
    line[..at].matches('`').count() % 2 == 1
}

/// `[name]: target` on a line of its own.
fn definition(line: &str) -> Option<&str> {
    let (name, target) = line.strip_prefix('[')?.split_once("]: ")?;
    (!name.contains(']')).then_some(target)
}

/// The path of a target, if it is one: no scheme, not only a fragment, without title and brackets.
fn relative_path(target: &str) -> Option<&str> {
    let target = target.split_whitespace().next()?.trim_matches(['<', '>']);
    let has_scheme = target.split(['/', '#']).next().is_some_and(|head| head.contains(':'));
    let path = target.split('#').next()?;
    (!has_scheme && !path.is_empty()).then_some(path)
}

/// The path in the tree that `target` names in the document `from`; none when it leaves the tree.
pub(super) fn resolve(from: &str, target: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Link, relative_links, resolve};

    #[test]
    fn links_are_found_outside_of_code() {
        let text = "[a](b.md#c) ![d](e.svg \"f\") `[g](h.md)`\n```\n[i](j.md)\n```\n[k]: l.md";
        let link = |line, target| Link { line, target };
        assert_eq!(relative_links(text), [link(1, "b.md"), link(1, "e.svg"), link(5, "l.md")]);
    }

    #[test]
    fn addresses_and_fragments_are_not_relative() {
        let text = "[a](https://b.c/d) [e](#f) <mailto:g@h.i> [j](mailto:k@l.m)";
        assert_eq!(relative_links(text), []);
    }

    #[test]
    fn a_target_is_resolved_from_its_document() {
        assert_eq!(resolve("docs/a/b.md", "../c/d.md").as_deref(), Some("docs/c/d.md"));
        assert_eq!(resolve("docs/README.md", "design/").as_deref(), Some("docs/design"));
        assert_eq!(resolve("README.md", "../beside.md"), None);
        assert_eq!(resolve("README.md", "/absolute.md"), None);
    }
}
