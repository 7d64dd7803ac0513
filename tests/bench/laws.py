#!/usr/bin/env python3
"""Writes completion times for the measurements of the cadence: laws.py LAW [COUNT [SEED]]

One time in seconds or "never" on each line, in the order of submission.

  kyc      35 % never finish; nine in ten of the others finish at once (log-normal, median 4
           minutes, sigma 0.6), one in ten comes back later (log-normal, median an hour, sigma 1)
  heavy    Lomax, shape 0.7, scale 60 s: a tail without a mean
  exp      exponential, mean 10 minutes
  fast     log-normal, median 1 minute, sigma 0.5
  change   log-normal, sigma 0.7, of median 2 minutes for the first half, 30 minutes for the second
"""

import math
import random
import sys

NEVER = math.inf


def lognormal(rng, median_s, sigma):
    return median_s * math.exp(sigma * rng.gauss(0, 1))


def kyc(rng, _):
    kind = rng.random()
    if kind < 0.35:
        return NEVER
    return lognormal(rng, 240, 0.6) if kind < 0.935 else lognormal(rng, 3600, 1)


def heavy(rng, _):
    return 60 * ((1 - rng.random()) ** (-1 / 0.7) - 1)


def exp(rng, _):
    return rng.expovariate(1 / 600)


def fast(rng, _):
    return lognormal(rng, 60, 0.5)


def change(rng, part):
    return lognormal(rng, 120 if part < 0.5 else 1800, 0.7)


LAWS = {law.__name__: law for law in (kyc, heavy, exp, fast, change)}


def times(name, count=20_000, seed=1):
    rng = random.Random(seed)
    for i in range(count):
        time_s = LAWS[name](rng, i / count)
        yield f"{time_s:.3f}" if time_s < 24 * 3600 else "never"


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in LAWS:
        sys.exit(__doc__)
    print("\n".join(times(sys.argv[1], *map(int, sys.argv[2:]))))
