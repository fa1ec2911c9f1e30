// sampled_contacts: some contacts by columns, in the order of their identifiers.
// grain:   one row; lists go together by place
// params:  $contacts LIST<STRING>
// columns: a LIST<STRING>, b LIST<INTEGER>, overlap_ab LIST<INTEGER>, overlap_ba LIST<INTEGER>,
//          weight_px LIST<FLOAT>, interface LIST<FLOAT>, gap_px LIST<INTEGER>
// source:  for a mini-batch. a is the key of the particle it starts from, b the label of the one it ends at: the
//          database gives an identifier anew once what had it is gone, so whoever asks compares them
UNWIND $contacts AS identifier
MATCH (a)-[contact:CONTACT]->(b)
WHERE elementId(contact) = identifier
WITH a.key AS a, b.label AS b, properties(contact) AS contact
RETURN
  collect(a) AS a,
  collect(b) AS b,
  collect(contact.overlap_ab) AS overlap_ab,
  collect(contact.overlap_ba) AS overlap_ba,
  collect(contact.weight_px) AS weight_px,
  collect(coalesce(contact.interface_um, contact.interface_um2)) AS interface,
  collect(contact.gap_px) AS gap_px
