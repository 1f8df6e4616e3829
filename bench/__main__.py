"""`python -m bench [WHAT…] [--quick]`; what: see `ALL`."""

import sys

from bench import archive, demo, duty, ingest, instructions, latency, patrol, phone, population, shape, solver, virtual

ALL = (
    "ingest",
    "instructions",
    "latency",
    "demo",
    "population",
    "virtual",
    "solver",
    "duty",
    "archive",
    "patrol",
    "phone",
    "shape",
)


def main() -> None:
    words = [w for w in sys.argv[1:] if not w.startswith("-")] or ALL
    quick = "--quick" in sys.argv
    for word in words:
        if word == "ingest":
            ingest.run(15_000 if quick else 60_000, runs=1 if quick else 3)
        elif word == "instructions":
            instructions.run(1_000 if quick else 3_000)
        elif word == "latency":
            latency.run(4 if quick else 10)
        elif word == "demo":
            demo.run(15 if quick else 60)
        elif word == "population":
            population.run(5 if quick else 15)
        elif word == "virtual":
            virtual.run(quick=quick)
        elif word == "solver":
            solver.run(quick=quick)
        elif word == "duty":
            duty.run(quick=quick)
        elif word == "archive":
            archive.run(5_000 if quick else 50_000)
        elif word == "patrol":
            patrol.run(4 if quick else 10)
        elif word == "phone":
            phone.run(3 if quick else 9)
        elif word == "shape":
            shape.run()
        else:
            sys.exit(f"no bench {word!r}: {', '.join(ALL)}")


if __name__ == "__main__":
    main()
