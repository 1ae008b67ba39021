//! Tests of the screen module.

use super::Screen;

fn shown(chunks: &[&[u8]]) -> String {
    let mut screen = Screen::new("| ".to_owned());
    let mut text: String = chunks.iter().map(|chunk| screen.write(chunk)).collect();
    text.push_str(screen.close());
    text
}

#[test]
fn lines_stand_behind_the_gutter() {
    assert_eq!(shown(&[b"one\ntwo\r\n\nthree"]), "| one\n| two\n|\n| three\n");
}

#[test]
fn a_line_and_a_character_may_be_split_between_chunks() {
    assert_eq!(shown(&[b"caf\xC3", b"\xA9 ", b"au lait\n"]), "| café au lait\n");
}

#[test]
fn colours_titles_and_cursor_movements_are_left_out() {
    assert_eq!(shown(&[b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b]8;;x\x1b\\link\x1b(B\n"]), "| red link\n");
    assert_eq!(shown(&[b"a\x1b[", b"31", b"mb\x1b", b"[0mc\n"]), "| abc\n");
}

#[test]
fn an_unfinished_sequence_does_not_swallow_the_next_line() {
    assert_eq!(shown(&[b"a\x1b]0;never ends\nb\n"]), "| a\n| b\n");
}

#[test]
fn a_line_that_was_written_over_is_shown_as_it_was_in_the_end() {
    assert_eq!(shown(&[b"10%\r50%\r100%\ndone\n"]), "| 100%\n| done\n");
    assert_eq!(shown(&[b"10%", b"\r50%", b"\r100%\n"]), "| 10%\n| 50%\n| 100%\n");
    assert_eq!(shown(&[b"abx\x08c\n"]), "| abc\n");
}

#[test]
fn other_control_bytes_and_broken_text_are_escaped() {
    assert_eq!(shown(&[b"a\x00b\xFFc\\d\x7F\n"]), "| a\\x00b\\xFFc\\\\d\\x7F\n");
    assert_eq!(shown(&["\u{9b}31m\u{202e}\n".as_bytes()]), "| \\xC2\\x9B31m\\u{202E}\n");
}

#[test]
fn something_else_can_follow_on_a_line_of_its_own() {
    let mut screen = Screen::new("| ".to_owned());
    assert_eq!(screen.write(b"prompt> "), "| prompt> ");
    assert_eq!(screen.close(), "\n");
    assert_eq!(screen.write(b"x\n"), "| x\n");
    assert_eq!(screen.close(), "");
}
