SELECT id FROM boot
