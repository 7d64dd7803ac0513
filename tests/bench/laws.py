#!/usr/bin/env python3
"""Writes the completion times that the cadence is measured on: laws.py LAW [COUNT [SEED]]

One time in seconds or "never" a line, in the order of submission.

  kyc      35 % never finish; of the others nine in ten have the phone at hand (log-normal, median 4
           minutes, sigma 0.6), one in ten comes back to it (log-normal, median an hour, sigma 1)
  heavy    Lomax, shape 0.7, scale 60 s: a tail without a mean
  exp      exponential, mean 10 minutes
  fast     log-normal, median 1 minute, sigma 0.5
  change   log-normal, sigma 0.7, of median 2 minutes for the first half, 30 minutes for the second
"""

import math
import random
import sys

NEVER = math.inf


def lognormal(luck, median_s, sigma):
    return median_s * math.exp(sigma * luck.gauss(0, 1))


def kyc(luck, _):
    kind = luck.random()
    if kind < 0.35:
        return NEVER
    return lognormal(luck, 240, 0.6) if kind < 0.935 else lognormal(luck, 3600, 1)


def heavy(luck, _):
    return 60 * ((1 - luck.random()) ** (-1 / 0.7) - 1)


def exp(luck, _):
    return luck.expovariate(1 / 600)


def fast(luck, _):
    return lognormal(luck, 60, 0.5)


def change(luck, part):
    return lognormal(luck, 120 if part < 0.5 else 1800, 0.7)


LAWS = {law.__name__: law for law in (kyc, heavy, exp, fast, change)}


def times(name, count=20_000, seed=1):
    luck = random.Random(seed)
    for i in range(count):
        time_s = LAWS[name](luck, i / count)
        yield f"{time_s:.3f}" if time_s < 24 * 3600 else "never"


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in LAWS:
        sys.exit(__doc__)
    print("\n".join(times(sys.argv[1], *map(int, sys.argv[2:]))))
