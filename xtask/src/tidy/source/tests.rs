//! What counts as code, and which items it declares.

use super::{Item, code_of, function_lines, items, line_at, prelude};

#[test]
fn comments_and_literals_are_blank_and_nothing_moves() {
    let text = "let a = \"x // y\"; // é struct A\n/* one /* two */ */ let b = 'c';";
    let code = code_of(text);
    assert_eq!(code.len(), text.len());
    assert_eq!(code.replace(' ', ""), "leta=;\nletb=;");
}

#[test]
fn raw_strings_end_at_their_own_hashes() {
    assert_eq!(code_of(r###"f(r#"a"b"#, br"c", b"d\"e")"###).replace(' ', ""), "f(,,)");
}

#[test]
fn lifetimes_are_not_character_literals() {
    assert_eq!(code_of("fn a<'a>(b: &'a str, c: '\\'')"), "fn a<'a>(b: &'a str, c:     )");
}

#[test]
fn names_that_begin_like_a_literal_stay_code() {
    assert_eq!(code_of("bar br#x r#type crab"), "bar br#x r#type crab");
}

#[test]
fn an_unfinished_literal_reaches_to_the_end() {
    assert_eq!(code_of("a \"b"), "a   ");
    assert_eq!(code_of("a /* b"), "a     ");
}

fn item<'a>(keyword: &'a str, name: &'a str, offset: usize) -> Item<'a> {
    Item { keyword, name, offset }
}

#[test]
fn items_are_a_keyword_and_a_name() {
    let code = "pub struct A; mod b { fn c(f: fn(u8)) {} }";
    assert_eq!(items(code), [item("struct", "A", 4), item("mod", "b", 14), item("fn", "c", 22)]);
}

#[test]
fn a_prelude_holds_the_attributes() {
    let code = "use a; #[test] async fn b() {}";
    assert_eq!(prelude(code, &items(code)[0]), " #[test] async ");
}

#[test]
fn a_function_is_as_long_as_its_body() {
    let code = "fn a() -> [u8; 2]\n{\n if b { c }\n}\nfn d();";
    let found = items(code);
    assert_eq!(function_lines(code, &found[0]), Some(4));
    assert_eq!(function_lines(code, &found[1]), None);
}

#[test]
fn lines_count_from_one() {
    assert_eq!((line_at("a\nb", 0), line_at("a\nb", 2)), (1, 2));
}
