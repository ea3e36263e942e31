"""Learn two concepts, connect them, find the way from one to the other.

Run it with `python examples/quickstart.py` once the package is installed; it leaves its store in `sutra-store`.
"""

from sutra_storage import ConcurrentStorage

with ConcurrentStorage("sutra-store") as storage:
    storage.learn_concept("rain", "water that falls from clouds", confidence=0.9)
    storage.learn_concept("flood", "water where it should not be", confidence=0.9)
    storage.learn_association("rain", "flood", "causal", confidence=0.8)

    concept = storage.query_concept("rain")
    if concept:
        print(f"rain: {concept['content']}")
    path = storage.find_path("rain", "flood")
    if path:
        print(" -> ".join(path))
