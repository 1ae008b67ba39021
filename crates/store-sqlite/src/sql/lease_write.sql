INSERT OR REPLACE INTO lease (sid, fence, renewed, renewed_wall) VALUES (?1, ?2, ?3, ?4)
