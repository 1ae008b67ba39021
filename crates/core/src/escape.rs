//! Makes text from outside safe to show on a terminal.

use std::fmt::{self, Write};

/// Shows `text` with every control character, newline, tab, DEL and backslash escaped, without quotes.
///
/// `\n`, `\t` and `\\` have their short forms; every other control byte is `\xHH`. Characters that change
/// the direction of what follows are shown as `\u{HHHH}`, because they can make one name look like another.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_escaped(f, character))
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\t' => f.write_str("\\t"),
        '\\' => f.write_str("\\\\"),
        c if c.is_control() => c.to_string().bytes().try_for_each(|byte| write!(f, "\\x{byte:02X}")),
        c if redirects_text(c) => write!(f, "\\u{{{:04X}}}", u32::from(c)),
        c => f.write_char(c),
    }
}

/// Whether a terminal may take `character` for more than itself: control characters, and those that change
/// the direction of what follows.
#[must_use]
pub fn is_hostile(character: char) -> bool {
    character.is_control() || redirects_text(character)
}

/// Bidirectional controls, and the separators that some terminals treat as newlines.
fn redirects_text(character: char) -> bool {
    matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
