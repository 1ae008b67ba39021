UPDATE litter SET dead = ?1, next = ?2, kept = ?3, upto = ?4
