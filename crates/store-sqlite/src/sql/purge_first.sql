SELECT sid, pos, folded, history FROM purge ORDER BY sid LIMIT 1
