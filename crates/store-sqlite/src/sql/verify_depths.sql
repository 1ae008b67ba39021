SELECT sid, pos, depth FROM head
