SELECT * FROM stored
WHERE sid = (
    SELECT sid FROM session
    WHERE ns = (SELECT ns FROM namespace WHERE name = ?1) AND id = ?2
)
