SELECT sid FROM folded WHERE one = 1
