SELECT dead, next, kept, upto FROM litter
