//! What the nodes of a run pull from, read from the graph once.

/// The edges that arrive at the nodes of a run, in compressed sparse rows: 4 bytes an edge and a node, and 4 more an edge
/// where weights count.
#[derive(Default)]
pub(super) struct Pulled {
    /// Where each node's row ends.
    ends: Vec<u32>,
    sources: Vec<u32>,
    /// As long as `sources`, or empty where every edge weighs 1.
    weights: Vec<f32>,
}

impl Pulled {
    /// Edges that were appended.
    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// Appends an edge of the next node. False where there is no memory for it.
    #[inline]
    pub(super) fn push(&mut self, source: u32, weight: Option<f32>) -> bool {
        if let Some(weight) = weight {
            if self.weights.len() == self.weights.capacity() && self.weights.try_reserve(1).is_err() {
                return false;
            }
            self.weights.push(weight);
        }
        if self.sources.len() == self.sources.capacity() && self.sources.try_reserve(1).is_err() {
            return false;
        }
        self.sources.push(source);
        true
    }

    /// Says that the next node has no more edges. False where there are too many, or there is no memory.
    pub(super) fn end_node(&mut self) -> bool {
        let Ok(end) = u32::try_from(self.sources.len()) else { return false };
        if self.ends.try_reserve(1).is_err() {
            return false;
        }
        self.ends.push(end);
        true
    }

    /// Calls `visit` with each source and what its edge weighs.
    #[inline]
    pub(super) fn each(&self, mut visit: impl FnMut(u32, f32)) {
        if self.weights.is_empty() {
            self.sources.iter().for_each(|source| visit(*source, 1.0));
        } else {
            self.sources.iter().zip(&self.weights).for_each(|(source, weight)| visit(*source, *weight));
        }
    }

    /// Sets `sums` to what arrives at each node, of what each source gives to an edge of weight 1.
    pub(super) fn gather(&self, gives: &[f64], sums: &mut [f64]) {
        let mut start = 0;
        for (sum, end) in sums.iter_mut().zip(&self.ends) {
            let row = start..*end as usize;
            let sources = self.sources.get(row.clone()).unwrap_or_default();
            *sum = match self.weights.get(row.clone()) {
                Some(weights) => {
                    let products = sources.iter().zip(weights);
                    products.fold(0.0, |sum, (source, weight)| sum + gives[*source as usize] * f64::from(*weight))
                }
                None => sources.iter().fold(0.0, |sum, source| sum + gives[*source as usize]),
            };
            start = row.end;
        }
    }
}
