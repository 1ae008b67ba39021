//! How often something was how large, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts how often something was how large, from several threads at once.
#[derive(Debug)]
pub struct Histogram {
    steps: Box<[(u64, AtomicU64)]>,
    beyond: AtomicU64,
    sum: AtomicU64,
}

/// How often something was how large.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    /// How often it was at most so large, and larger than the step before: each step, and how often.
    pub steps: Vec<(u64, u64)>,
    /// How often it was larger than all steps.
    pub beyond: u64,
    /// All of it together.
    pub sum: u64,
}

impl Histogram {
    /// One that tells these steps apart, which grow.
    #[must_use]
    pub fn new(steps: &[u64]) -> Self {
        Self {
            steps: steps.iter().map(|step| (*step, AtomicU64::new(0))).collect(),
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts one.
    pub fn note(&self, size: u64) {
        let step = self.steps.iter().find(|(step, _)| size <= *step);
        step.map_or(&self.beyond, |(_, count)| count).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(size, Ordering::Relaxed);
    }

    /// What was counted so far. What is counted meanwhile may be in a part of it only.
    #[must_use]
    pub fn read(&self) -> Distribution {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Distribution {
            steps: self.steps.iter().map(|(step, counted)| (*step, count(counted))).collect(),
            beyond: count(&self.beyond),
            sum: count(&self.sum),
        }
    }
}

impl Distribution {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.steps.iter().map(|(_, count)| count).sum::<u64>() + self.beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_in_the_first_step_that_it_fits() {
        let histogram = Histogram::new(&[1, 10]);
        [0, 1, 2, 10, 11].iter().for_each(|size| histogram.note(*size));
        let told = histogram.read();
        assert_eq!(told, Distribution { steps: vec![(1, 2), (10, 2)], beyond: 1, sum: 24 });
        assert_eq!(told.count(), 5);
    }
}
