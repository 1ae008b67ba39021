//! Reading Rust as text: code apart from comments and literals, items, functions.

/// The text with comments, strings and character literals blanked; every byte keeps its place.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let opaque = opaque_length(rest);
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let length = opaque.unwrap_or_else(|| word.max(first.len_utf8()));
        let (taken, left) = rest.split_at(length);
        if opaque.is_some() {
            blank(taken, &mut code)
        } else {
            code.push_str(taken)
        }
        rest = left;
    }
    code
}

fn blank(taken: &str, code: &mut String) {
    for c in taken.chars() {
        if c == '\n' {
            code.push(c);
        } else {
            code.extend(std::iter::repeat_n(' ', c.len_utf8()));
        }
    }
}

/// The length of the comment or literal that begins here, if one does.
fn opaque_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    let body = rest.trim_start_matches(['b', 'c', 'r']);
    let prefix = &rest[..rest.len() - body.len()];
    let length = match prefix {
        "" | "b" | "c" => string_length(body).or_else(|| character_length(body)),
        "r" | "br" | "cr" => raw_string_length(body),
        _ => None,
    };
    length.map(|length| prefix.len() + length)
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string_length(body: &str) -> Option<usize> {
    body.starts_with('"').then(|| quoted_length(body, '"'))
}

/// `'x'` and `'\n'` are literals; `'x` is a lifetime.
fn character_length(body: &str) -> Option<usize> {
    let inside = body.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let is_literal = first == '\\' || inside[first.len_utf8()..].starts_with('\'');
    is_literal.then(|| quoted_length(body, '\''))
}

fn quoted_length(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    body.len()
}

fn raw_string_length(body: &str) -> Option<usize> {
    let inside = body.trim_start_matches('#');
    let hashes = &body[..body.len() - inside.len()];
    let text = inside.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    let length = text.find(&end).map_or(text.len(), |at| at + end.len());
    Some(hashes.len() + 1 + length)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A named thing that code declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    /// `fn`, `struct`, `enum`, `union`, `trait`, `type` or `mod`.
    pub(crate) keyword: &'a str,
    pub(crate) name: &'a str,
    /// Where the keyword is.
    pub(crate) offset: usize,
}

/// The items that `code` declares, in order.
pub(crate) fn items(code: &str) -> Vec<Item<'_>> {
    const KEYWORDS: [&str; 7] = ["fn", "struct", "enum", "union", "trait", "type", "mod"];
    let words: Vec<(usize, &str)> = words(code).collect();
    let declares = |pair: &[(usize, &str)]| {
        let ((at, keyword), (next, _)) = (pair[0], pair[1]);
        KEYWORDS.contains(&keyword) && code[at + keyword.len()..next].trim().is_empty()
    };
    let declaring = words.windows(2).filter(|pair| declares(pair));
    declaring.map(|pair| Item { keyword: pair[0].1, name: pair[1].1, offset: pair[0].0 }).collect()
}

fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += code[at..].find(is_word)?;
        let start = at;
        at += code[start..].find(|c| !is_word(c)).unwrap_or(code.len() - start);
        Some((start, &code[start..at]))
    })
}

/// What stands between the end of the previous item and this one: attributes and qualifiers.
pub(crate) fn prelude<'a>(code: &'a str, item: &Item<'_>) -> &'a str {
    let before = &code[..item.offset];
    let start = before.rfind([';', '{', '}']).map_or(0, |at| at + 1);
    &before[start..]
}

/// The number of lines of a function, from its `fn` to its closing brace; none without a body.
pub(crate) fn function_lines(code: &str, item: &Item<'_>) -> Option<usize> {
    let rest = &code[item.offset..];
    let signature = outside_brackets(rest, |c| c == '{' || c == ';')?;
    let body = &rest[signature..];
    if !body.starts_with('{') {
        return None;
    }
    let close = outside_brackets(&body[1..], |c| c == '}')?;
    Some(rest[..=signature + 1 + close].lines().count())
}

/// Where the first character that `is_end` accepts stands, skipping what is in brackets of any kind.
fn outside_brackets(code: &str, is_end: impl Fn(char) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    code.find(|c| {
        if depth == 0 && is_end(c) {
            return true;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        false
    })
}

/// The 1-based line of a byte of `text`.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
