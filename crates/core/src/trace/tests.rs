//! Tests of the trace module.

use proptest::prelude::*;

use super::*;

const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn the_header_is_read_and_said_again() {
    let parent = TraceParent::parse(TEXT).unwrap();
    assert_eq!(parent.trace(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
    assert_eq!(parent.span(), 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!(parent.flags(), 1);
    assert_eq!(parent.to_string(), TEXT);
}

#[test]
fn of_a_later_version_what_is_known_is_read() {
    let later = |rest: &str| TraceParent::parse(&format!("cc{}{rest}", &TEXT[2..]));
    assert_eq!(later("").unwrap().to_string(), TEXT);
    assert_eq!(later("-what-comes").unwrap().to_string(), TEXT);
    assert_eq!(later("x"), None);
    let flags = format!("{}ff", &TEXT[..53]);
    assert_eq!(TraceParent::parse(&flags).unwrap().flags(), 0b11, "flags that nobody knows are left out");
}

#[test]
fn what_is_no_such_header_is_nothing() {
    for wrong in [
        "",
        "00",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7 01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-é",
    ] {
        assert_eq!(TraceParent::parse(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn every_text_is_read_or_not(text in "\\PC{0,70}") {
        if let Some(parent) = TraceParent::parse(&text) {
            prop_assert_eq!(&parent.to_string()[3..53], &text[3..53]);
        }
    }

    #[test]
    fn whatever_is_said_is_read(trace: [u8; 16], span: [u8; 8], flags: u8) {
        if let Some(parent) = TraceParent::of(trace, span, flags) {
            prop_assert_eq!(TraceParent::parse(&parent.to_string()), Some(parent));
        }
    }
}
