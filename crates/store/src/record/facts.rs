//! The stored form of what callers keep with a session.

use std::collections::BTreeMap;

use tenure_core::session::{Facts, Progress, Usage};

use super::length::LengthRecord;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FactsRecord {
    #[prost(btree_map = "string, string", tag = "1")]
    metadata: BTreeMap<String, String>,
    #[prost(message, optional, tag = "2")]
    progress: Option<ProgressRecord>,
    #[prost(btree_map = "string, message", tag = "3")]
    timings: BTreeMap<String, LengthRecord>,
    #[prost(message, optional, tag = "4")]
    usage: Option<UsageRecord>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct ProgressRecord {
    #[prost(uint64, tag = "1")]
    current: u64,
    #[prost(uint64, optional, tag = "2")]
    total: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct UsageRecord {
    #[prost(uint64, tag = "1")]
    iterations: u64,
    #[prost(uint64, tag = "2")]
    input_tokens: u64,
    #[prost(uint64, tag = "3")]
    output_tokens: u64,
    #[prost(uint64, tag = "4")]
    tool_calls: u64,
    #[prost(uint64, tag = "5")]
    cost_micros: u64,
}

impl FactsRecord {
    /// Nothing where nothing is kept: most sessions have none.
    pub(super) fn of(facts: &Facts) -> Option<Self> {
        (*facts != Facts::default()).then(|| Self {
            metadata: facts.metadata.clone(),
            progress: facts.progress.map(|Progress { current, total }| ProgressRecord { current, total }),
            timings: facts.timings.iter().map(|(name, length)| (name.clone(), (*length).into())).collect(),
            usage: UsageRecord::of(facts.usage),
        })
    }

    pub(super) fn into_facts(self) -> Facts {
        Facts {
            metadata: self.metadata,
            progress: self.progress.map(|ProgressRecord { current, total }| Progress { current, total }),
            timings: self.timings.into_iter().map(|(name, length)| (name, length.into())).collect(),
            usage: self.usage.map(UsageRecord::into_usage).unwrap_or_default(),
        }
    }
}

impl UsageRecord {
    /// Nothing where nothing was used.
    pub(super) fn of(usage: Usage) -> Option<Self> {
        let Usage { iterations, input_tokens, output_tokens, tool_calls, cost_micros } = usage;
        (usage != Usage::default()).then_some(Self {
            iterations,
            input_tokens,
            output_tokens,
            tool_calls,
            cost_micros,
        })
    }

    pub(super) const fn into_usage(self) -> Usage {
        Usage {
            iterations: self.iterations,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            tool_calls: self.tool_calls,
            cost_micros: self.cost_micros,
        }
    }
}
