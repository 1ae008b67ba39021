SELECT sid, prev, length(payload) FROM history WHERE pos = ?1
