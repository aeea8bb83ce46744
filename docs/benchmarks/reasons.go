package main

// reasons says why a promise is not kept, in RESULTS.md. The rest is in
// docs/performance.md.
var reasons = map[reason]string{}
