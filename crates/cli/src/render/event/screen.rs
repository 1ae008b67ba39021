//! Recorded terminal output as lines that a person can read in a log.

use tenure_core::escape::Escaped;

/// Turns the bytes of one stream, chunk by chunk, into lines behind a gutter.
///
/// Colours and cursor movements mean nothing in a log and are left out; a line that a program wrote over is
/// shown as it was in the end. Every other control byte, and what is not UTF-8, is escaped. A character or a
/// sequence may be split between chunks.
#[derive(Debug)]
pub(super) struct Screen {
    gutter: String,
    /// The beginning of a character whose rest comes with the next chunk.
    pending: Vec<u8>,
    place: Place,
    /// What of the current line is not printed yet.
    line: String,
    /// Whether a part of the current line is printed already.
    is_open: bool,
    /// Whether the last character was a carriage return.
    returned: bool,
}

/// Where in a control sequence the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// After ESC.
    Escape,
    /// After ESC and a byte that announces one more.
    Designate,
    /// In ESC [ …
    Control,
    /// In ESC ] … and the like, which ends with BEL or ESC \.
    Message,
    /// After ESC inside a message.
    MessageEscape,
}

impl Screen {
    /// A screen with nothing on it.
    pub(super) fn new(gutter: String) -> Self {
        Self {
            gutter,
            pending: Vec::new(),
            place: Place::Text,
            line: String::new(),
            is_open: false,
            returned: false,
        }
    }

    /// What to print for `bytes`. The last line stays open for more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> String {
        let mut printed = String::new();
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let (text, bad, after) = match std::str::from_utf8(rest) {
                Ok(text) => (text, &[][..], &[][..]),
                Err(error) => {
                    let (text, rest) = rest.split_at(error.valid_up_to());
                    let text = std::str::from_utf8(text).unwrap_or_default();
                    match error.error_len() {
                        Some(length) => (text, &rest[..length], &rest[length..]),
                        None => {
                            self.pending = rest.to_vec();
                            (text, &[][..], &[][..])
                        }
                    }
                }
            };
            text.chars().for_each(|character| self.character(character, &mut printed));
            bad.iter().for_each(|byte| self.text(&format!("\\x{byte:02X}"), &mut printed));
            rest = after;
        }
        self.print(&mut printed);
        printed
    }

    /// What to print so that something else can follow on a line of its own.
    pub(super) fn close(&mut self) -> &'static str {
        self.returned = false;
        if std::mem::take(&mut self.is_open) { "\n" } else { "" }
    }

    fn character(&mut self, character: char, printed: &mut String) {
        match (self.place, character) {
            // Nothing that was left unfinished swallows the next line.
            (_, '\n') => self.end_line(printed),
            (Place::Text, '\x1b') => self.place = Place::Escape,
            (Place::Text, '\r') => self.returned = true,
            (Place::Text, '\x07') => {}
            (Place::Text, '\x08') => drop(self.line.pop()),
            (Place::Text, '\t') => self.text("\t", printed),
            (Place::Text, _) => self.text(&Escaped(character.encode_utf8(&mut [0; 4])).to_string(), printed),
            (Place::Escape, '[') => self.place = Place::Control,
            (Place::Escape, ']' | 'P' | '^' | '_' | 'X') => self.place = Place::Message,
            (Place::Escape, ' '..='/') => self.place = Place::Designate,
            (Place::Control, '@'..='~') | (Place::Message, '\x07') => self.place = Place::Text,
            (Place::Control | Place::Message, c) if c != '\x1b' => {}
            (Place::Message, _) => self.place = Place::MessageEscape,
            (Place::Control, _) => self.place = Place::Escape,
            (Place::Escape | Place::Designate | Place::MessageEscape, _) => self.place = Place::Text,
        }
    }

    fn text(&mut self, text: &str, printed: &mut String) {
        if std::mem::take(&mut self.returned) {
            self.line.clear();
            printed.push_str(self.close());
        }
        self.line.push_str(text);
    }

    fn end_line(&mut self, printed: &mut String) {
        self.print(printed);
        if !self.is_open {
            printed.push_str(self.gutter.trim_end());
        }
        printed.push('\n');
        (self.is_open, self.returned, self.place) = (false, false, Place::Text);
    }

    fn print(&mut self, printed: &mut String) {
        if self.line.is_empty() {
            return;
        }
        if !self.is_open {
            printed.push_str(&self.gutter);
        }
        printed.push_str(&self.line);
        self.line.clear();
        self.is_open = true;
    }
}

#[cfg(test)]
mod tests;
