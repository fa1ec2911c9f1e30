"""The phases of the default composite as constants.

For what is about that composite alone: phantoms, the model that ships, benchmarks, tests. Everything else takes its
phases from the composite at hand (`cathograph.schema.composites`).
"""

from cathograph.schema.composites import SSB_CATHODE

SSE, NMC, GRAPHITE = (SSB_CATHODE.phase(name) for name in ("SSE", "NMC", "Graphite"))
