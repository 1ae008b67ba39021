SELECT sid, pos, folded FROM purge
