UPDATE litter SET dead = dead + ?1
