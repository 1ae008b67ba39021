SELECT sid, pos, folded FROM purge ORDER BY sid LIMIT 1
