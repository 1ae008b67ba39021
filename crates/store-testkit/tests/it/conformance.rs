//! The model keeps the contract that it is the model of.

tenure_store_testkit::conformance_tests!(tenure_store_testkit::MemoryHarness);
