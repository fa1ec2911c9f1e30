// terminate_tagged: end the running query that carries a tag.
// grain:   one row per transaction that was told to end
// params:  $tag STRING
// columns: message STRING
// source:  for queries that somebody no longer waits for
SHOW TRANSACTIONS YIELD transactionId AS found, metaData
WHERE metaData.cathograph_tag = $tag
TERMINATE TRANSACTIONS found YIELD message
RETURN message
