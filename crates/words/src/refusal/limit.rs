//! Words for what is too long, too short, too many, or malformed.

use std::time::Duration;

use tenure_core::id::InvalidName;
use tenure_core::lease::RunTimesRefusal;
use tenure_core::limits;
use tenure_core::refusal::LimitRefusal;

use crate::problem::Problem;
use crate::when::length;

/// Words for something outside its limits.
pub(super) fn words(limit: LimitRefusal) -> Problem {
    Problem::refused("LIMIT", sentence(limit))
}

fn sentence(limit: LimitRefusal) -> String {
    match limit {
        LimitRefusal::Name { what, why: InvalidName::Blank } => format!("the {what} is blank"),
        LimitRefusal::Name { what, why: InvalidName::TooLong { length, max } } => {
            format!("the {what} has {length} bytes; the maximum is {max}")
        }
        LimitRefusal::Name { what, why: InvalidName::Character { at } } => {
            format!("the {what} holds a character that is not allowed in it, at byte {at}")
        }
        LimitRefusal::Characters { what, length, max } => {
            format!("the {what} has {length} characters; the maximum is {max}")
        }
        LimitRefusal::Bytes { what, length, max } => {
            format!("the {what} has {length} bytes; the maximum is {max}")
        }
        LimitRefusal::Count { what, count, max } => {
            format!("there are {count} {what}; the maximum is {max}")
        }
        LimitRefusal::Length { what, min, max: limits::SPAN_MAX } => {
            format!("the {what} is shorter than {}, or longer than a hundred years", length(min))
        }
        LimitRefusal::Length { what, min, max } => {
            format!("the {what} is not from {} to {}", seconds(min), seconds(max))
        }
        LimitRefusal::Form { what, form } => format!("the {what} is not {form}"),
        LimitRefusal::BlankReason => "the reason is blank".to_owned(),
    }
}

/// Words for the times of a run that do not fit together.
pub(super) fn run_times(times: RunTimesRefusal) -> Problem {
    match times {
        RunTimesRefusal::Ttl { given } => {
            let (min, max) = (length(limits::RUN_TTL_MIN), length(limits::RUN_TTL_MAX));
            Problem::refused(
                "LIMIT",
                format!("a ttl of {} is not from {min} to {max} in whole milliseconds", length(given)),
            )
        }
        RunTimesRefusal::Grace { given, max } => {
            let primary = format!(
                "a grace of {} is too long: no ttl has room for more than {}",
                length(given),
                length(max)
            );
            Problem::refused("LIMIT", primary)
        }
        RunTimesRefusal::TooShort { given, needed } => {
            let primary = format!("a ttl of {} is too short to stop the command in time", length(given));
            Problem::refused("LIMIT", primary)
                .detail("it must hold the grace, the safety margin and two renewal intervals")
                .hint(format!("--ttl {}s is enough", needed.as_secs()))
        }
    }
}

fn seconds(length: Duration) -> String {
    format!("{} s", length.as_secs())
}
