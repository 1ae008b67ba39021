UPDATE slot SET revision = ?2, fence = ?3, newest = ?4
WHERE slot = ?1 AND revision = ?5 AND fence <= ?3
