//! Shared workload generators of the benchmarks.
