# `just check` is what CI runs.
check:
    bash .ci/run

# The benchmark's table.
bench:
    cargo bench
