"""Load that wrk cannot make: at a rate, over restarts, and counting what was lost and why."""
