SELECT fence FROM pin_floor
