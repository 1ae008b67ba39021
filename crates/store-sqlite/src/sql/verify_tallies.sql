SELECT ns, hour, kind, state, count, into_hour, lasted FROM tally WHERE count <> 0 OR into_hour <> 0 OR lasted <> 0
