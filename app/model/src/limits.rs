//! What a model file may hold at most.

/// What a model file may hold at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file.
    pub n_bytes: u64,
    /// Number of trees.
    pub n_trees: usize,
    /// Nodes over all trees.
    pub n_nodes: usize,
    /// Number of inputs.
    pub n_features: usize,
    /// Number of outputs.
    pub n_outputs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            n_bytes: 1 << 30,
            n_trees: 100_000,
            n_nodes: 50_000_000,
            n_features: 100_000,
            n_outputs: 10_000,
        }
    }
}
