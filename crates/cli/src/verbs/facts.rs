//! Facts as they are typed: metadata as a JSON object, usage as numbers.

use std::collections::BTreeMap;

use serde_json::Value;
use tenure_core::session::Usage;

use super::append;
use crate::args::lifecycle::UsageArgs;
use tenure_words::Problem;

/// A JSON object's names, each with its value as compact JSON text; `-` reads it from standard input.
pub(super) fn metadata(data: &str) -> anyhow::Result<BTreeMap<String, String>> {
    match serde_json::from_str(&append::payload(data)?) {
        Ok(Value::Object(fields)) => {
            Ok(fields.into_iter().map(|(name, value)| (name, value.to_string())).collect())
        }
        Ok(_) | Err(_) => {
            let problem = Problem::usage("the metadata is not a JSON object");
            Err(problem.hint("--metadata '{\"goal\": \"ship\"}'").into())
        }
    }
}

/// What was used.
pub(super) const fn usage(args: &UsageArgs) -> Usage {
    Usage {
        iterations: args.iterations,
        input_tokens: args.input_tokens,
        output_tokens: args.output_tokens,
        tool_calls: args.tool_calls,
        cost_micros: args.cost,
    }
}
