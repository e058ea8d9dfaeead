# SPDX-License-Identifier: Apache-2.0
"""The plots of a profile, as small SVGs: medians of the rounds, whiskers from the least to the greatest.

Colours are Okabe and Ito's, which colour-blind readers tell apart; markers differ as well.
"""
import os

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot, ticker  # noqa: E402

from . import report, stats  # noqa: E402

STYLE = {"svg.fonttype": "none", "svg.hashsalt": "lunfs", "font.family": "sans-serif", "font.size": 9,
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True,
         "grid.color": "#dddddd", "grid.linewidth": 0.6, "axes.titlesize": 9.5, "axes.titlelocation": "left",
         "figure.facecolor": "white", "legend.frameon": False}
COLOURS = {"lunfs": "#0072B2", "qemu": "#D55E00", "iscsi-perf": "#009E73", "null-fuse": "#777777",
           "loopback": "#CC79A7"}
OTHERS = ("#56B4E9", "#E69F00", "#F0E442", "#000000")
MARKERS = "osD^vPX<>"
QUANTILES = (("p50", "50%"), ("p90", "90%"), ("p99", "99%"), ("p999", "99.9%"))
WAY = {"read": "Reads", "write": "Writes", "randread": "Random reads", "randwrite": "Random writes"}


def colour(name, index):
    return COLOURS.get(name) or OTHERS[index % len(OTHERS)]


def axis_title(what, unit):
    return {"rate": unit}.get(what) or f"{report.WHAT[what]}, {report.UNITS.get(what, '1/s')}"


def short(n, _=None):
    return f"{n / 1e6:g}M" if n >= 1e6 else f"{n / 1e3:g}k" if n >= 1e3 else f"{n:g}"


def measured(rows, profile, field, job, what):
    return stats.values(rows, profile.name, field[0], job.key, field[1], what)


def whisker(numbers):
    """(median, [[down], [up]])"""
    middle = stats.median(numbers)
    return middle, [[middle - min(numbers)], [max(numbers) - middle]]


def bars(plot, profile, rows, jobs, fields):
    """A panel for each job, a bar for each contender."""
    jobs = [j for j in jobs if any(measured(rows, profile, f, j, plot.what) for f in fields)]
    if not jobs:
        return None
    columns = 2 if len(jobs) > 1 else 1
    lines = -(-len(jobs) // columns)
    most = max(sum(1 for f in fields if measured(rows, profile, f, j, plot.what)) for j in jobs)
    figure, axes = pyplot.subplots(lines, columns, squeeze=False, layout="constrained",
                                   figsize=(8.4 if columns > 1 else 5, lines * (0.75 + 0.24 * most)))
    for panel, job in zip(axes.flat, jobs):
        there = [(i, f) for i, f in enumerate(fields) if measured(rows, profile, f, job, plot.what)]
        for row, (i, field) in enumerate(there):
            middle, error = whisker(measured(rows, profile, field, job, plot.what))
            panel.barh(row, middle, 0.68, color=colour(field[1], i), xerr=error,
                       error_kw={"elinewidth": 1, "capsize": 2.5, "ecolor": "#222222"})
            panel.annotate(stats.number_text(middle), (middle + error[1][0], row), (4, 0), va="center",
                           textcoords="offset points", fontsize=8)
        panel.set_yticks(range(len(there)), [report.name_of(f[1]) for _, f in there])
        panel.set_ylim(most - 0.5, -0.5)  # downward, and bars of one thickness in all panels
        panel.grid(axis="y", visible=False)
        panel.margins(x=0.18)
        panel.set_xlim(left=0)
        panel.xaxis.set_major_locator(ticker.MaxNLocator(5))
        panel.xaxis.set_major_formatter(short)
        panel.set_title(job.title)
        panel.set_xlabel(axis_title(plot.what, job.unit))
    for panel in axes.flat[len(jobs):]:
        panel.remove()
    return figure


def panels(n, height=3.3):
    width = 6.4 if n == 1 else 4.4 * n
    return pyplot.subplots(1, n, squeeze=False, sharey=True, layout="constrained", figsize=(width, height))


def lines_of(plot, profile, rows, jobs, fields):
    """Against depth or size; a panel for each way. Sizes are shown in MiB/s throughout."""
    ways = list(dict.fromkeys(j.way for j in jobs))
    figure, axes = panels(len(ways))
    for panel, way in zip(axes.flat, ways):
        some = sorted((j for j in jobs if j.way == way), key=lambda j: getattr(j, plot.x))
        for i, field in enumerate(fields):
            points = [(getattr(j, plot.x), scaled(plot, j, measured(rows, profile, field, j, plot.what)))
                      for j in some]
            points = [(x, *whisker(v)) for x, v in points if v]
            if points:
                panel.errorbar([p[0] for p in points], [p[1] for p in points], capsize=2, linewidth=1.5,
                               yerr=[[p[2][side][0] for p in points] for side in (0, 1)], elinewidth=0.9,
                               marker=MARKERS[i % len(MARKERS)], markersize=4, color=colour(field[1], i),
                               label=report.name_of(field[1]))
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        xs = [getattr(j, plot.x) for j in some]
        panel.set_xticks(xs, [str(x) if plot.x == "depth" else short_size(x) for x in xs])
        panel.set_xlabel("depth (operations in flight)" if plot.x == "depth" else "size of an operation")
        panel.set_title(WAY[way])
        log_ticks(panel)
    unit = "MiB/s" if plot.x == "block" else jobs[0].unit
    axes[0][0].set_ylabel(axis_title(plot.what, unit))
    legend(axes)
    return figure


def scaled(plot, job, numbers):
    if plot.what == "rate" and plot.x == "block" and job.small:
        return [n * job.block / (1 << 20) for n in numbers]
    return numbers


def short_size(n):
    return f"{n >> 20}M" if n >= 1 << 20 else f"{n >> 10}K" if n >= 1 << 10 else str(n)


def log_ticks(panel):
    panel.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(short)
    panel.yaxis.set_minor_locator(ticker.NullLocator())
    panel.xaxis.set_minor_locator(ticker.NullLocator())


def legend(axes):
    """One for all panels, beside the last; "outside" of a figure is not known to matplotlib 3.6."""
    found = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels()):
            found.setdefault(label, handle)
    axes.flat[-1].legend(found.values(), found.keys(), loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)


def latencies(plot, profile, rows, jobs, fields):
    """Percentiles, a panel for each job."""
    figure, axes = panels(len(jobs))
    for panel, job in zip(axes.flat, jobs):
        for i, field in enumerate(fields):
            points = [measured(rows, profile, field, job, key) for key, _ in QUANTILES]
            if not all(points):
                continue
            points = [whisker(p) for p in points]
            panel.errorbar(range(len(points)), [p[0] for p in points], capsize=2, linewidth=1.5, elinewidth=0.9,
                           yerr=[[p[1][side][0] for p in points] for side in (0, 1)], color=colour(field[1], i),
                           marker=MARKERS[i % len(MARKERS)], markersize=4, label=report.name_of(field[1]))
        panel.set_yscale("log")
        panel.set_xticks(range(len(QUANTILES)), [text for _, text in QUANTILES])
        panel.set_xlabel("so many operations were faster")
        panel.set_title(job.title)
        log_ticks(panel)
    axes[0][0].set_ylabel("latency, µs")
    legend(axes)
    return figure


DRAW = {"bars": bars, "lines": lines_of, "latency": latencies}


def draw_all(folder, profiles, rows):
    """Names of those drawn."""
    os.makedirs(folder, exist_ok=True)
    drawn = []
    with matplotlib.rc_context(STYLE):
        for profile in profiles:
            for plot in profile.plots:
                jobs = [j for j in profile.jobs if not plot.jobs or j.key in plot.jobs]
                fields = list(report.fields_of(profile, plot.target, rows))
                figure = DRAW[plot.kind](plot, profile, rows, jobs, fields) if fields else None
                if figure:
                    figure.savefig(os.path.join(folder, plot.name + ".svg"), metadata={"Date": None})
                    pyplot.close(figure)
                    drawn.append(plot.name)
    return drawn
