SELECT placed FROM instance WHERE sid = ?1
