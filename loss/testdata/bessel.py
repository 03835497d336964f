"""Writes bessel.json: rows [D, x, log I_v(x) - v log x, I_{v+1}(x) / (x I_v(x))] with v = D/2 - 1, at 60 digits."""
import json

from mpmath import besseli, gamma, log, mp, mpf

mp.dps = 60
rows = []
for d in [2, 3, 4, 5, 8, 10, 16, 31, 32, 64, 80, 100, 101, 102, 104, 128, 256, 512, 1000, 1024, 2048]:
    v = mpf(d) / 2 - 1
    for x in ["0", "1e-8", "0.001", "0.1", "1", "2.5", "5", "10", "20", "35", "45", "49.9", "50", "50.1", "60", "80",
              "100", "300", "1000", "3000", "10000", "31622.8", "100000", "100014.3", "1000000"]:
        z = mpf(float(x))
        if z == 0:
            h, r = -v * log(2) - log(gamma(v + 1)), 1 / mpf(d)
        else:
            i, j = besseli(v, z), besseli(v + 1, z)
            h, r = log(i) - v * log(z), j / i / z
        rows.append([d, float(z), float(h), float(r)])
with open("bessel.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
