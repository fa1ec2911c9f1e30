// A row a particle, a column a property: what `Result.to_df` of the driver takes.
MATCH (particle:Particle)
RETURN particle.key AS key, particle.phase AS phase, particle.label AS label, particle.centroid_y AS centroid_y,
       particle.centroid_x AS centroid_x, particle.area_um2 AS area_um2, particle.perimeter_um AS perimeter_um,
       particle.equivalent_diameter_um AS equivalent_diameter_um, particle.convexity AS convexity,
       particle.touches_border AS touches_border
