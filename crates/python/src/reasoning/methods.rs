//! The methods of reasoning, as Python sees them.

/// The methods of reasoning, for a class with a method `view` that gives the snapshot to read.
macro_rules! reasoning {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// The paths from one concept to another that have the fewest hops, at most ``limit``; with ``longer`` also longer ones, by
            /// hops. None meets a concept twice; parallel associations make different paths. The first is that of ``find_path``.
            ///
            /// An ``Answer`` of ``Path``. Like all that follow, it is bounded by ``direction``, ``types`` and ``min_confidence`` as
            /// ``find_path`` is, by ``max_visited`` readings of a concept's associations and by ``timeout`` seconds: when one of
            /// these ends the search, ``complete`` is false and something may be missing. All release the interpreter's lock. The time
            /// counts from the beginning of the search, and a concept's associations once for each 1024 of them.
            #[pyo3(signature = (
                                start_id, end_id, limit=10, *, longer=false, max_depth=6, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn find_paths(
                &self,
                py: Python<'_>,
                start_id: &Bound<'_, PyAny>,
                end_id: &Bound<'_, PyAny>,
                limit: usize,
                longer: bool,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::paths(
                    py,
                    &*self.view(py)?,
                    (start_id, end_id),
                    limit,
                    max_depth,
                    &limits,
                    $crate::reasoning::Which::by_hops(longer),
                )
            }

            /// The ``limit`` paths whose product of confidences is highest, each hop multiplied by ``decay`` in (0, 1] as well, the best
            /// first; none meets a concept twice. Exact, also within ``max_depth`` hops (``None`` for no bound). An ``Answer`` of
            /// ``Path``.
            #[pyo3(signature = (
                                start_id, end_id, limit=10, *, max_depth=6, decay=1.0, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn find_best_paths(
                &self,
                py: Python<'_>,
                start_id: &Bound<'_, PyAny>,
                end_id: &Bound<'_, PyAny>,
                limit: usize,
                max_depth: Option<u32>,
                decay: f32,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::paths(
                    py,
                    &*self.view(py)?,
                    (start_id, end_id),
                    limit,
                    max_depth,
                    &limits,
                    $crate::reasoning::Which::Best(decay),
                )
            }

            /// For each target the confidence that at least one of up to ``max_paths`` paths from the sources holds: 1 less the product
            /// of what each leaves open. The paths are the best one, then the best that shares no association with those before. An
            /// ``Answer`` of ``Conclusion``, by falling confidence; targets that are not known come last.
            ///
            /// ``sources`` and ``targets`` are one name or several.
            #[pyo3(signature = (
                                sources, targets, *, max_paths=8, max_depth=6, decay=1.0, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn reason(
                &self,
                py: Python<'_>,
                sources: &Bound<'_, PyAny>,
                targets: &Bound<'_, PyAny>,
                max_paths: usize,
                max_depth: Option<u32>,
                decay: f32,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::reason(
                    py,
                    &*self.view(py)?,
                    (sources, targets),
                    max_paths,
                    max_depth,
                    decay,
                    &limits,
                )
            }

            /// What some concepts bring to mind, ranked, each with the way by which it came: an ``Answer`` of ``Recalled``.
            ///
            /// ``seeds`` are one name, several, each alone or in a pair with its weight above 0, or a mapping from names to weights. ``how`` is
            /// ``"walks"`` (personalised PageRank: walks start at the seeds, end at each concept with the probability ``restart``, and go
            /// on by confidence; what is less than ``precision`` an association is followed from the seeds only) or ``"spreading"`` (each
            /// concept, when it is first reached, shares what it has, times ``decay``, among its associations by confidence; less than
            /// ``threshold`` is not passed on). Options of the other way are not looked at. ``with_seeds`` to have the seeds themselves
            /// in the answer.
            #[pyo3(signature = (
                                seeds, limit=10, *, how="walks", restart=0.15, precision=1e-6, threshold=1e-4,
                                decay=0.5, with_seeds=false, max_depth=6, direction="out", types=None,
                                min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn recall(
                &self,
                py: Python<'_>,
                seeds: &Bound<'_, PyAny>,
                limit: usize,
                how: &str,
                restart: f64,
                precision: f64,
                threshold: f64,
                decay: f32,
                with_seeds: bool,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                let how = $crate::reasoning::how(how, (restart, precision), threshold)?;
                $crate::reasoning::recall(
                    py,
                    &*self.view(py)?,
                    seeds,
                    (how, decay),
                    (limit, with_seeds),
                    max_depth,
                    &limits,
                )
            }

            /// The concepts within ``hops`` of one, and the associations between them: a ``Neighborhood``, empty if the concept is not
            /// known. The nearest ``max_concepts`` (of one distance those with the most believed associations) and the most believed
            /// ``max_associations``.
            #[pyo3(signature = (
                                concept_id, hops=1, *, max_concepts=1000, max_associations=10_000, direction="both",
                                types=None, min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn neighborhood(
                &self,
                py: Python<'_>,
                concept_id: &Bound<'_, PyAny>,
                hops: u32,
                max_concepts: usize,
                max_associations: usize,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Neighborhood> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::neighborhood(
                    py,
                    &*self.view(py)?,
                    concept_id,
                    hops,
                    (max_concepts, max_associations),
                    &limits,
                )
            }

            /// PageRank of all concepts and stubs by the power method, on all cores: an ``Answer`` of pairs of name and rank, falling, at
            /// most ``limit`` (``None`` for all; ``dict()`` makes a table of it). Associations are chosen by their confidence unless
            /// ``weighted`` is false; what has none goes on anywhere. Ends when all ranks change by less than ``tolerance`` times
            /// their number, or after ``max_rounds``.
            #[pyo3(signature = (
                                limit=None, *, damping=0.85, tolerance=1e-6, max_rounds=100, weighted=true,
                                direction="out", types=None, min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn pagerank(
                &self,
                py: Python<'_>,
                limit: Option<usize>,
                damping: f64,
                tolerance: f64,
                max_rounds: u32,
                weighted: bool,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::pagerank(
                    py,
                    &*self.view(py)?,
                    limit,
                    (damping, tolerance),
                    (max_rounds, weighted),
                    &limits,
                )
            }

            /// The weakly connected components: an ``Answer`` of lists of names, the largest first. The direction does not matter.
            #[pyo3(signature = (
                                *, direction="out", types=None, min_confidence=0.0, max_visited=None, timeout=None
                            ))]
            fn components(
                &self,
                py: Python<'_>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::components(py, &*self.view(py)?, &limits)
            }

            /// The ``limit`` concepts and stubs with the most associations: an ``Answer`` of pairs of name and number, falling.
            #[pyo3(signature = (
                                limit=10, *, direction="out", types=None, min_confidence=0.0, max_visited=None,
                                timeout=None
                            ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn hubs(
                &self,
                py: Python<'_>,
                limit: usize,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                max_visited: Option<u64>,
                timeout: Option<f64>,
            ) -> $crate::failure::Answer<$crate::answers::Answer> {
                let limits = $crate::reasoning::Limits::new(direction, types, min_confidence, (max_visited, timeout))?;
                $crate::reasoning::hubs(py, &*self.view(py)?, limit, &limits)
            }
        }
    };
}

pub(crate) use reasoning;
