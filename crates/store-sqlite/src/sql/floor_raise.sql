UPDATE pin_floor SET fence = ?1 WHERE fence < ?1
