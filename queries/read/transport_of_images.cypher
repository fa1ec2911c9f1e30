// transport_of_images: effective conductivities, tortuosity factors and utilisation.
// grain:   one row per active segmentation; nulls where they are not computed yet, or nothing percolates
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, ndim INTEGER, ion_side STRING, ionic_conductivity_s_per_m FLOAT or null,
//          electronic_conductivity_s_per_m FLOAT or null, ionic_tortuosity_factor FLOAT or null,
//          electronic_tortuosity_factor FLOAT or null, utilisation FLOAT or null,
//          share_without_current FLOAT or null, transport_parameters STRING or null, sample STRING
// source:  docs/transport.md. In 2D (ndim) a slice cuts paths that exist in 3D
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
RETURN
  image.id AS image,
  segmentation.ndim AS ndim,
  segmentation.ion_side AS ion_side,
  segmentation.ionic_conductivity_s_per_m AS ionic_conductivity_s_per_m,
  segmentation.electronic_conductivity_s_per_m AS electronic_conductivity_s_per_m,
  segmentation.ionic_tortuosity_factor AS ionic_tortuosity_factor,
  segmentation.electronic_tortuosity_factor AS electronic_tortuosity_factor,
  segmentation.utilisation AS utilisation,
  segmentation.share_without_current AS share_without_current,
  segmentation.transport_parameters AS transport_parameters,
  sample.id AS sample
ORDER BY sample, image
