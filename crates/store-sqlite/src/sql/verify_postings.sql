SELECT p.ns, p.term, p.bits FROM namespace AS n JOIN posting AS p ON p.ns = n.ns AND p.block = ?1
