SELECT sid FROM arrival
