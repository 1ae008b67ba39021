SELECT sid, execution, prev, payload FROM history WHERE pos = ?1
