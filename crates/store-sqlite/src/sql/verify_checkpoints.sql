SELECT seq, id, body, commit_id, payload, sid FROM checkpoint
