SELECT newest FROM slot
WHERE ns = (SELECT ns FROM namespace WHERE name = ?1) AND key = ?2
ORDER BY newest DESC
